/**
 * The log as the Raft core sees it, over a LogStore: every change counts at once, the store follows. While the store
 * cuts off a conflicting tail, what is appended meanwhile waits here; what a sync said of the old tail is not believed
 * of the new one. Entries stay in memory, within a bound, until they are executed and all followers have them: what
 * lives no longer than that is no work for V8's collector of long-lived memory.
 */
import { invariant } from '../../errors.js';
import type { LogStore } from '../../storage/log-store.js';
import { EntryKind, type Entry, type Membership } from '../group-log.js';
import type { LogView } from './raft-types.js';
import { decodeRecord, encodeRecord, membershipOf, termOfRecord, type ReceivedEntry } from './raft-record.js';
import { TermRuns } from './term-runs.js';

/** The store is read in pieces of about this size. */
const READ_BYTES = 1 << 20;
const KEPT_BYTES_MAX = 16 << 20;

/** One entry as it is stored, in pieces. */
export interface LoggedEntry {
  readonly entry: Entry;
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
}

/** Where the log begins: the entry below firstIndex, as far as it is known. */
export interface LogStart {
  readonly index: number;
  readonly term: number;
  /** No entry up to there has a later time. */
  readonly timestampMs: number;
  readonly membership: Membership;
}

interface MembershipAt {
  readonly index: number;
  readonly membership: Membership;
}

export class RaftLog implements LogView {
  readonly #store: LogStore;
  readonly #terms: TermRuns;
  readonly #memberships: MembershipAt[];
  #firstIndex: number;
  #lastIndex: number;
  #timestampMs: number;
  /** The time of entries that are not held any more. */
  #pastMs: number;
  #lastMergePoint = 0;
  /** The newest entries, oldest first; the first one's index is #keptFrom. */
  #kept: (LoggedEntry | undefined)[] = [];
  #keptHead = 0;
  #keptFrom: number;
  #keptBytes = 0;
  /** Read back from the store: consecutive entries. */
  #readBack: LoggedEntry[] = [];
  /** What the store has to do yet, in order, while it cuts. */
  #waiting: (() => void)[] = [];
  #cutting = false;
  #cutDone: Promise<void> = Promise.resolve();
  #cuts = 0;

  /** Reads the whole log once. Throws DATA_CORRUPT. */
  constructor(store: LogStore, start: LogStart) {
    this.#store = store;
    this.#firstIndex = store.firstIndex;
    this.#lastIndex = store.lastIndex;
    this.#keptFrom = store.lastIndex + 1;
    this.#timestampMs = start.timestampMs;
    this.#pastMs = start.timestampMs;
    this.#memberships = [{ index: start.index, membership: start.membership }];
    const below = store.firstIndex - 1;
    if (below === start.index) this.#terms = new TermRuns(below, start.term);
    else if (below === 0) this.#terms = new TermRuns(0, 0);
    else this.#terms = this.#standOnFirst();
    this.#scan();
  }

  get firstIndex(): number {
    return this.#firstIndex;
  }

  get lastIndex(): number {
    return this.#lastIndex;
  }

  get bytes(): number {
    return this.#store.bytes;
  }

  get timestampMs(): number {
    return this.#timestampMs;
  }

  get lastMergePoint(): number {
    return this.#lastMergePoint;
  }

  get membership(): Membership {
    return this.membershipAt(this.#lastIndex);
  }

  /** Where the newest membership stands in the log. */
  get membershipIndex(): number {
    return this.#memberships.at(-1)?.index ?? 0;
  }

  /** In force for entries behind `index`. */
  membershipAt(index: number): Membership {
    const found = this.#memberships.findLast((change) => change.index <= index) ?? this.#memberships[0];
    invariant(found !== undefined, 'a log has a membership from its start on');
    return found.membership;
  }

  termOf(index: number): number {
    return this.#terms.of(index);
  }

  bytesOf(index: number): number {
    return this.at(index).bytes;
  }

  at(index: number): LoggedEntry {
    invariant(index >= this.#firstIndex && index <= this.#lastIndex, `entry ${index} is held`);
    if (index >= this.#keptFrom) {
      const kept = this.#kept[this.#keptHead + index - this.#keptFrom];
      invariant(kept !== undefined, 'kept entries have no gap');
      return kept;
    }
    return this.#readAt(index);
  }

  /** Appends entry lastIndex + 1. */
  append(term: number, entry: Entry): void {
    this.#append(term, entry, encodeRecord(term, entry));
  }

  /** Appends entry lastIndex + 1 as it came from another replica. */
  appendReceived({ term, entry, record }: ReceivedEntry): void {
    this.#append(term, entry, [record]);
  }

  /** Entries below `index` need not stay in memory: who asks for one waits for the disk. */
  release(index: number): void {
    this.#letOldGo(index);
  }

  /** Drops entries above `index`: another leader's stand there. */
  truncateAbove(index: number): void {
    if (index >= this.#lastIndex) return;
    this.#lastIndex = index;
    this.#terms.cutAbove(index);
    while ((this.#memberships.at(-1)?.index ?? 0) > index && this.#memberships.length > 1) this.#memberships.pop();
    const keep = Math.max(0, index + 1 - this.#keptFrom);
    for (const dropped of this.#kept.splice(this.#keptHead + keep)) this.#keptBytes -= dropped?.bytes ?? 0;
    this.#keptFrom = Math.min(this.#keptFrom, index + 1);
    this.#readBack = [];
    this.#cuts++;
    const last = index >= this.#firstIndex ? this.at(index).entry : null;
    this.#timestampMs = Math.max(this.#pastMs, last?.timestampMs ?? 0);
    // They never fall: a leader's no-ops and membership changes carry the highest before them.
    this.#lastMergePoint = last?.mergePoint ?? 0;
    this.#inStore(() => this.#cut(index));
  }

  /** Makes what is appended durable; resolves with the index up to which it is, or less. Rejects with STORAGE_FAILED. */
  async sync(onTheSpot = false): Promise<number> {
    await this.#settled();
    const cuts = this.#cuts;
    const durable = await this.#store.sync(onTheSpot);
    // What stands in the places of entries cut off meanwhile is not what was written.
    return cuts === this.#cuts ? durable : 0;
  }

  truncateBelow(index: number): Promise<void> {
    if (index > this.#firstIndex && index <= this.#lastIndex + 1)
      this.#pastMs = Math.max(this.#pastMs, this.at(index - 1).entry.timestampMs);
    const removed = this.#store.truncateBelow(index);
    const { firstIndex } = this.#store;
    if (firstIndex > this.#firstIndex) this.#beginAt(firstIndex);
    // Removing files takes time, but from here on the store does not read them.
    return removed;
  }

  async close(): Promise<void> {
    await this.#settled().catch(() => undefined);
    await this.#store.close();
  }

  #beginAt(firstIndex: number): void {
    this.#terms.cutBelow(firstIndex - 1);
    this.#firstIndex = firstIndex;
    const keep = this.#memberships.findLastIndex((change) => change.index < firstIndex);
    if (keep > 0) this.#memberships.splice(0, keep);
  }

  /** Without the term of the entry below the first one, that first one is what the log stands on. */
  #standOnFirst(): TermRuns {
    const [first] = this.#store.read(this.#firstIndex, 1);
    invariant(first !== undefined, 'an empty log begins where its checkpoint ends');
    this.#firstIndex = first.index + 1;
    return new TermRuns(first.index, termOfRecord(first.index, first.bytes));
  }

  #scan(): void {
    for (let from = this.#store.firstIndex; from <= this.#lastIndex;) {
      for (const { index, bytes } of this.#store.read(from, READ_BYTES)) {
        this.#note(termOfRecord(index, bytes), decodeRecord(index, bytes));
        from = index + 1;
      }
    }
  }

  #append(term: number, entry: Entry, pieces: readonly Uint8Array[]): void {
    invariant(entry.index === this.#lastIndex + 1, 'entries follow each other');
    const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
    this.#lastIndex = entry.index;
    this.#note(term, entry);
    this.#kept.push({ entry, pieces, bytes });
    this.#keptBytes += bytes;
    this.#letOldGo();
    this.#inStore(() => this.#store.append(entry.index, pieces));
  }

  #note(term: number, entry: Entry): void {
    this.#terms.append(entry.index, term);
    this.#timestampMs = Math.max(this.#timestampMs, entry.timestampMs);
    this.#lastMergePoint = Math.max(this.#lastMergePoint, entry.mergePoint);
    if (entry.kind !== EntryKind.membership || entry.index <= (this.#memberships.at(-1)?.index ?? 0)) return;
    this.#memberships.push({ index: entry.index, membership: membershipOf(entry) });
  }

  /** What is more than the bound, and what is below `released`. */
  #letOldGo(released = 0): void {
    // What the store has not got yet cannot be read back.
    while (!this.#cutting && this.#kept.length - this.#keptHead > 1) {
      if (this.#keptBytes <= KEPT_BYTES_MAX && this.#keptFrom >= released) break;
      this.#keptBytes -= this.#kept[this.#keptHead]?.bytes ?? 0;
      this.#kept[this.#keptHead++] = undefined;
      this.#keptFrom++;
    }
    if (this.#keptHead < 4096 || 2 * this.#keptHead < this.#kept.length) return;
    this.#kept = this.#kept.slice(this.#keptHead);
    this.#keptHead = 0;
  }

  #readAt(index: number): LoggedEntry {
    const first = this.#readBack[0]?.entry.index ?? 0;
    const found = this.#readBack[index - first];
    if (found !== undefined && first > 0 && index >= first) return found;
    this.#readBack = this.#store.read(index, READ_BYTES).map((record) => ({
      entry: decodeRecord(record.index, record.bytes),
      pieces: [record.bytes],
      bytes: record.bytes.byteLength,
    }));
    const [read] = this.#readBack;
    invariant(read?.entry.index === index, `the store holds entry ${index}`);
    return read;
  }

  /** Now, or once the cut that is under way is done. */
  #inStore(act: () => void): void {
    if (this.#cutting) this.#waiting.push(act);
    else act();
  }

  #cut(index: number): void {
    this.#cutting = true;
    this.#cutDone = this.#store.truncateAbove(index).then(() => {
      this.#cutting = false;
      this.#readBack = [];
      const waiting = this.#waiting;
      this.#waiting = [];
      // Another cut among them makes the rest wait again.
      for (const act of waiting) this.#inStore(act);
    });
    this.#cutDone.catch(() => undefined);
  }

  async #settled(): Promise<void> {
    do await this.#cutDone;
    while (this.#cutting);
  }
}
