/** Writes one group's part of each checkpoint, and reports it when it and the log below it are durable. */
import type { GroupLog } from '../ordering/group-log.js';
import type { CheckpointStore, CheckpointWriter, PartManifest } from '../storage/checkpoint-store.js';
import type { PartPlace } from './partition-writer.js';

export interface PartWriterOptions {
  readonly group: number;
  readonly log: GroupLog;
  readonly checkpoints: CheckpointStore;
  readonly done: (checkpoint: number, part: PartManifest) => void;
  /** The part before was still being written: this checkpoint will not be complete on this replica. */
  readonly skipped: (checkpoint: number) => void;
}

export class PartWriter {
  readonly #options: PartWriterOptions;
  #writing = false;

  constructor(options: PartWriterOptions) {
    this.#options = options;
  }

  /** Entries below `nextIndex` have been executed. Rejects when the part cannot be written. */
  async write(
    checkpoint: number,
    nextIndex: number,
    timestampMs: number,
    write: (writer: CheckpointWriter, place: PartPlace) => Promise<PartManifest>,
  ): Promise<void> {
    const { group, log, checkpoints, done, skipped } = this.#options;
    // One at a time is enough for a disk, and for memory: what changes meanwhile is set aside.
    if (this.#writing) {
      skipped(checkpoint);
      return;
    }
    this.#writing = true;
    const place = { part: group, nextIndex, timestampMs, position: log.positionOf(nextIndex - 1) };
    const part = await write(checkpoints.begin(checkpoint, group), place);
    this.#writing = false;
    await log.whenDurable(nextIndex - 1);
    done(checkpoint, part);
  }
}
