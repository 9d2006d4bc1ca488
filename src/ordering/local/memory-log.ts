import { PsmrError } from '../../errors.js';
import { Fifo } from '../../fifo.js';
import { logClosed } from '../../storage/storage-error.js';
import { entryBytes } from '../entry-codec.js';
import type { Entry, GroupLog, LogPosition, Proposal } from '../group-log.js';

/** The group log of one process without a disk: an entry is committed when it is proposed, and gone once taken. */
export class MemoryGroupLog implements GroupLog {
  readonly group: number;
  readonly leadership = { leading: true, leader: null, term: 0 } as const;
  onCommitted: ((error: Error | null) => void) | null = null;
  /** Nobody else proposes, and nobody else leads. */
  onLeadership: (() => void) | null = null;
  onAppended: ((entry: Entry) => void) | null = null;
  readonly #entries = new Fifo<Entry>();
  #next = 1;
  #lastIndex = 0;
  #timestampMs = 0;
  #bytes = 0;
  #lastMergePoint = 0;
  #closed = false;

  constructor(group: number) {
    this.group = group;
  }

  get firstIndex(): number {
    return this.#next;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  get committedIndex(): number {
    return this.#lastIndex;
  }

  get bytes(): number {
    return this.#bytes;
  }

  get lastMergePoint(): number {
    return this.#lastMergePoint;
  }

  propose({ kind, mergePoint, timestampMs, frames }: Proposal): number {
    if (this.#closed) throw logClosed();
    this.#lastMergePoint = Math.max(this.#lastMergePoint, mergePoint);
    this.#timestampMs = Math.max(this.#timestampMs, timestampMs);
    const index = ++this.#lastIndex;
    this.#entries.push({ index, kind, timestampMs: this.#timestampMs, mergePoint, frames });
    this.#bytes += entryBytes(frames);
    this.onCommitted?.(null);
    return index;
  }

  startFrom(index: number): void {
    if (index === this.#next) return;
    throw new PsmrError('DATA_CORRUPT', `A log in memory holds entry ${this.#next} next, not ${index}.`);
  }

  readIndex(done: (index: number) => void): void {
    done(this.committedIndex);
  }

  positionOf(index: number): LogPosition {
    return { index, term: 0, membership: null };
  }

  take(): Entry | null {
    const entry = this.#closed ? undefined : this.#entries.shift();
    if (entry === undefined) return null;
    this.#next = entry.index + 1;
    this.#bytes -= entryBytes(entry.frames);
    return entry;
  }

  whenDurable(): Promise<void> {
    return Promise.resolve();
  }

  truncateBelow(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.#closed = true;
    return Promise.resolve();
  }
}
