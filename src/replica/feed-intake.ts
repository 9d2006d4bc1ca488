/**
 * Entries from a user's own log (engine.feed): they arrive ordered, with their merge points, and go into the group's log
 * as they are.
 *
 *   0 u8 entry kind | 1..7 zero | 8 f64 merge point | 16 f64 timestamp | 24 one COMMANDS frame, or nothing
 */
import { PsmrError } from '../errors.js';
import type { EntryKind } from '../ordering/group-log.js';
import type { Proposer } from '../ordering/proposer.js';
import { RingClient, type RingClientMemory } from './ring-client.js';

const HEADER_BYTES = 24;

export interface FeedEntry {
  readonly kind: EntryKind;
  readonly mergePoint: number;
  readonly timestampMs: number;
  readonly frame: Uint8Array | null;
}

export function encodeFeedEntry(entry: FeedEntry): Uint8Array {
  const bytes = Buffer.alloc(HEADER_BYTES + (entry.frame?.byteLength ?? 0));
  bytes[0] = entry.kind;
  bytes.writeDoubleLE(entry.mergePoint, 8);
  bytes.writeDoubleLE(entry.timestampMs, 16);
  if (entry.frame !== null) bytes.set(entry.frame, HEADER_BYTES);
  return bytes;
}

function decodeFeedEntry(bytes: Uint8Array): FeedEntry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    kind: view.getUint8(0) as EntryKind,
    mergePoint: view.getFloat64(8, true),
    timestampMs: view.getFloat64(16, true),
    frame: bytes.byteLength > HEADER_BYTES ? bytes.subarray(HEADER_BYTES) : null,
  };
}

export class FeedIntake {
  readonly #client: RingClient;

  constructor(memory: RingClientMemory, unreadBytesMax: number) {
    this.#client = new RingClient(memory, unreadBytesMax);
  }

  /** Appends what has come, up to `count` entries; `appended` sees each with its index. */
  poll(proposer: Proposer, count: number, appended?: (index: number, entry: FeedEntry) => void): boolean {
    let worked = false;
    for (let taken = 0; taken < count; taken++) {
      const bytes = this.#client.read();
      if (bytes === null) break;
      const entry = decodeFeedEntry(bytes);
      const { kind, mergePoint, timestampMs, frame } = entry;
      const index = proposer.append({ kind, mergePoint, timestampMs, frames: frame === null ? [] : [frame] });
      appended?.(index, entry);
      worked = true;
    }
    return worked;
  }

  reply(frame: Uint8Array): void {
    this.#client.link.send(frame);
  }

  flush(): boolean {
    return this.#client.flush();
  }
}

/**
 * Clients of an engine that is fed may read one stream, no more: what they write would be in nobody's log, and a read of
 * several streams has a place among group 0's entries, whose numbers are the feed's to give.
 */
export function orderedByFeed(): PsmrError {
  return new PsmrError(
    'FEED_ORDER',
    'This engine is fed from a log: append the command there. Clients may only read, and only keys of one stream at a time.',
  );
}
