import type { LogPosition } from '../ordering/group-log.js';

/**
 * Checkpoints by part: part 0 is group 0's session table, parts 1..K are the partitions. Each part is written
 * by its own worker thread, in chunks, while commands run; a checkpoint counts only once `complete` is durable.
 */
export interface CheckpointStore {
  /** Begins (or begins again) one part of checkpoint `id`. */
  begin(id: number, part: number): CheckpointWriter;
  /** Durably declares checkpoint `id` complete. Called once all its parts are finished. */
  complete(manifest: CheckpointManifest): Promise<void>;
  /** The newest complete checkpoint, or null. Throws DATA_CORRUPT, naming the file. */
  newest(): CheckpointManifest | null;
  /** All complete checkpoints, oldest first. */
  list(): CheckpointManifest[];
  /** The chunks of one part, in order, verified against its PartManifest (DATA_CORRUPT otherwise). */
  read(id: number, part: number): Iterable<Uint8Array>;
  /** Deletes every checkpoint older than `id`, finished or not, but those in `kept`. Newer ones, under way or not, stay. */
  dropBelow(id: number, kept?: ReadonlySet<number>): Promise<void>;
  close(): Promise<void>;
}

export interface CheckpointWriter {
  /** Adds the next chunk; resolves when it may be followed by another (bounds what is in flight). */
  write(chunk: Uint8Array): Promise<void>;
  /** Resolves when the whole part is durable. */
  finish(part: Omit<PartManifest, 'chunks' | 'bytes'>): Promise<PartManifest>;
}

export interface PartManifest {
  readonly part: number;
  /** The group's entries below this index are in the checkpoint; replay starts here. */
  readonly nextIndex: number;
  /** Where the group's log stands at nextIndex - 1. */
  readonly position: LogPosition;
  /** The stream's time, ms since 1970: `context.now` never falls behind it. In part 0: its log's. */
  readonly timestampMs: number;
  readonly keys: number;
  /** Hash of the part's content, keys and sessions, 16 hex digits; equal on every replica (section 7 of the design). */
  readonly hash: string;
  readonly chunks: number;
  readonly bytes: number;
}

export interface CheckpointManifest {
  /** The group-0 index at which every partition was marked; rises from checkpoint to checkpoint. */
  readonly id: number;
  readonly takenAtMs: number;
  readonly parts: readonly PartManifest[];
}
