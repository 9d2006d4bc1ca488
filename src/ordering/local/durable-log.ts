import { messageOf, PsmrError } from '../../errors.js';
import { Fifo } from '../../fifo.js';
import type { LogStore } from '../../storage/log-store.js';
import { logClosed } from '../../storage/storage-error.js';
import { decodeEntry, encodeEntry } from '../entry-codec.js';
import type { Entry, GroupLog, LogPosition, Proposal } from '../group-log.js';

/** Replay reads the store in pieces of about this size. */
const READ_BYTES = 1 << 20;

export interface DurableLogOptions {
  /** sync: committed once on disk. async: committed once appended, on disk soon after (a crash may lose the last). */
  readonly durability: 'sync' | 'async';
  /** Where the log is, for errors. */
  readonly directory: string;
}

/** The group log of one process on a disk. While one sync runs, everything proposed meanwhile waits for the next. */
export class DurableGroupLog implements GroupLog {
  readonly group: number;
  readonly leadership = { leading: true, leader: null, term: 0 } as const;
  onCommitted: ((error: Error | null) => void) | null = null;
  /** Nobody else proposes, and nobody else leads. */
  onLeadership: (() => void) | null = null;
  onAppended: ((entry: Entry) => void) | null = null;
  readonly #store: LogStore;
  readonly #awaitDisk: boolean;
  readonly #directory: string;
  /** Entries proposed here and not taken yet: they need not be read back. */
  readonly #fresh = new Fifo<Entry>();
  #replay: Entry[] = [];
  #next: number;
  #committedIndex: number;
  #timestampMs: number;
  #lastMergePoint: number;
  #syncing = false;
  #closed = false;

  constructor(group: number, store: LogStore, options: DurableLogOptions) {
    this.group = group;
    this.#store = store;
    this.#awaitDisk = options.durability === 'sync';
    this.#directory = options.directory;
    this.#next = store.firstIndex;
    this.#committedIndex = store.lastIndex;
    const last = store.lastIndex >= store.firstIndex ? store.read(store.lastIndex, 1)[0] : undefined;
    const entry = last === undefined ? null : decodeEntry(last.index, last.bytes);
    this.#timestampMs = entry?.timestampMs ?? 0;
    this.#lastMergePoint = entry?.mergePoint ?? 0;
  }

  get firstIndex(): number {
    return this.#store.firstIndex;
  }

  get lastIndex(): number {
    return this.#store.lastIndex;
  }

  get committedIndex(): number {
    return this.#committedIndex;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  /** The highest merge point in the log: merge points never decrease, so it is the last entry's. */
  get lastMergePoint(): number {
    return this.#lastMergePoint;
  }

  propose({ kind, mergePoint, timestampMs, frames }: Proposal): number {
    if (this.#closed) throw logClosed();
    this.#timestampMs = Math.max(this.#timestampMs, timestampMs);
    this.#lastMergePoint = Math.max(this.#lastMergePoint, mergePoint);
    const index = this.#store.lastIndex + 1;
    const entry: Entry = { index, kind, timestampMs: this.#timestampMs, mergePoint, frames };
    this.#store.append(index, encodeEntry(entry));
    this.#fresh.push(entry);
    if (!this.#awaitDisk) this.#commit(index);
    if (!this.#syncing) void this.#sync();
    return index;
  }

  startFrom(index: number): void {
    const { firstIndex, lastIndex } = this.#store;
    if (index < firstIndex || index > lastIndex + 1)
      throw entriesMissing(this.#directory, firstIndex, lastIndex, index);
    this.#next = index;
    this.#replay = [];
  }

  readIndex(done: (index: number) => void): void {
    done(this.committedIndex);
  }

  positionOf(index: number): LogPosition {
    return { index, term: 0, membership: null };
  }

  take(): Entry | null {
    if (this.#closed || this.#next > this.#committedIndex) return null;
    const entry = this.#takeFresh() ?? this.#takeStored();
    if (entry !== null) this.#next = entry.index + 1;
    return entry;
  }

  async whenDurable(index: number): Promise<void> {
    if (this.#store.durableIndex < index) await this.#store.sync();
  }

  truncateBelow(index: number): Promise<void> {
    return this.#store.truncateBelow(index);
  }

  close(): Promise<void> {
    this.#closed = true;
    return this.#store.close();
  }

  #takeFresh(): Entry | null {
    // During replay the store may have handed out what was proposed meanwhile.
    while ((this.#fresh.first?.index ?? this.#next) < this.#next) this.#fresh.shift();
    return this.#fresh.first?.index === this.#next ? (this.#fresh.shift() ?? null) : null;
  }

  #takeStored(): Entry | null {
    if (this.#replay.length === 0) {
      // Reversed: taking from the end costs nothing.
      this.#replay = this.#store
        .read(this.#next, READ_BYTES)
        .map(({ index, bytes }) => decodeEntry(index, bytes))
        .reverse();
    }
    const entry = this.#replay.pop() ?? null;
    if (entry === null || entry.index === this.#next) return entry;
    this.#replay = [];
    return this.#takeStored();
  }

  async #sync(): Promise<void> {
    this.#syncing = true;
    try {
      while (this.#store.durableIndex < this.#store.lastIndex) {
        const durable = await this.#store.sync();
        if (this.#awaitDisk) this.#commit(durable);
      }
    } catch (error) {
      const failure =
        error instanceof PsmrError ? error : new PsmrError('STORAGE_FAILED', messageOf(error), { cause: error });
      this.onCommitted?.(failure);
      return; // #syncing stays set: the store takes nothing more.
    }
    this.#syncing = false;
  }

  #commit(index: number): void {
    if (index <= this.#committedIndex) return;
    this.#committedIndex = index;
    this.onCommitted?.(null);
  }
}

function entriesMissing(directory: string, first: number, last: number, from: number): PsmrError {
  const holds = first > last ? 'holds no entries' : `holds entries ${first} to ${last}`;
  const needs =
    from === 1 ? 'there is no checkpoint of what came before them' : `the checkpoint needs the log from ${from} on`;
  return new PsmrError(
    'DATA_CORRUPT',
    `${directory} ${holds}, but ${needs}. Files are missing: restore the data directory from a copy.`,
    { details: { file: directory } },
  );
}
