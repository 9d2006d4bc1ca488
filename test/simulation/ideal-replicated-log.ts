/**
 * One group's replicated log without the messages: N copies of one sequence, which a seed lets fall behind, move its
 * leader and lose uncommitted tails. It keeps Raft's promises and no more: an entry is committed once a majority of the
 * disks has it in the leader's term; who is elected has at least the last entry of a majority; a replica learns of
 * entries, commits and leaders late, so that for a while several believe that they lead.
 */
import type { PsmrError } from '../../src/errors.js';
import {
  EntryKind,
  type Entry,
  type GroupLog,
  type Leadership,
  type LogPosition,
  type Proposal,
} from '../../src/ordering/group-log.js';
import { notLeader } from '../../src/ordering/not-leader.js';

interface Placed {
  readonly term: number;
  readonly entry: Entry;
  /** The highest merge point up to here. */
  readonly mergePoint: number;
}

interface AskedRead {
  readonly log: IdealLog;
  readonly done: (index: number | PsmrError) => void;
  /** What was committed when it was asked: the least that it may be answered. */
  readonly least: number;
}

export class IdealGroup {
  readonly committed: Placed[] = [];
  readonly #logs = new Map<number, IdealLog>();
  readonly #random: () => number;
  #reads: AskedRead[] = [];
  #term = 0;
  #leader = 0;

  constructor(
    readonly group: number,
    readonly replicas: number,
    random: () => number,
  ) {
    this.#random = random;
    for (let replica = 1; replica <= replicas; replica++) this.#logs.set(replica, new IdealLog(this, replica));
  }

  get leader(): number {
    return this.#leader;
  }

  get entries(): Entry[] {
    return this.committed.map((placed) => placed.entry);
  }

  log(replica: number): IdealLog {
    const log = this.#logs.get(replica);
    if (log === undefined) throw new Error(`there is no replica ${replica}`);
    return log;
  }

  /** Makes a replica the leader, if a majority's logs allow it. */
  elect(replica: number): boolean {
    const candidate = this.log(replica);
    if (this.#leader === replica) return false;
    const voters = [...this.#logs.values()].filter((log) => log === candidate || !log.isAhead(candidate));
    if (voters.length <= this.replicas / 2) return false;
    this.#term++;
    this.#leader = replica;
    for (const voter of voters) if (voter !== candidate && this.#random() < 0.5) voter.learn(this.#term, 0);
    candidate.learn(this.#term, replica);
    candidate.appendOwn({ kind: EntryKind.noop, mergePoint: 0, timestampMs: 0, frames: [] });
    return true;
  }

  /** One message arrives, or one disk has written, or one read is answered. */
  step(): void {
    const log = this.log(1 + Math.floor(this.#random() * this.replicas));
    const roll = this.#random();
    if (roll < 0.25) log.writeDisk(this.#random());
    else if (roll < 0.55) this.replicate(log, Math.floor(this.#random() * 4));
    else if (roll < 0.75) this.commit();
    else if (roll < 0.9) this.tellCommit(log);
    else this.#answerRead();
  }

  ask(log: IdealLog, done: (index: number | PsmrError) => void): void {
    this.#reads.push({ log, done, least: this.committed.length });
  }

  /** A message from the leader arrives, with up to `count` entries. */
  replicate(to: IdealLog, count: number): void {
    const leader = this.#leader === 0 ? null : this.log(this.#leader);
    if (leader === null || leader === to) return;
    to.learn(this.#term, this.#leader);
    to.follow(leader, count);
  }

  /** The leader counts what a majority's disks have. */
  commit(): void {
    if (this.#leader === 0) return;
    const leader = this.log(this.#leader);
    const matches = [...this.#logs.values()]
      .map((log) => (log.term === this.#term ? Math.min(log.durable, log.matches(leader)) : 0))
      .sort((a, b) => b - a);
    const index = matches[Math.floor(this.replicas / 2)] ?? 0;
    if (index <= this.committed.length || leader.termAt(index) !== this.#term) return;
    this.committed.push(...leader.slice(this.committed.length, index));
    leader.commitTo(index);
  }

  tellCommit(to: IdealLog): void {
    if (this.#leader === 0 || to.term !== this.#term) return;
    const leader = this.log(this.#leader);
    to.commitTo(Math.min(leader.committedIndex, to.matches(leader)));
  }

  #answerRead(): void {
    const [read] = this.#reads.splice(Math.floor(this.#random() * this.#reads.length), 1);
    if (read === undefined) return;
    const leading = this.#leader !== 0 && this.log(this.#leader).leadership.leading;
    if (!leading) return read.done(notLeader(0));
    read.done(read.least + Math.floor(this.#random() * (this.committed.length - read.least + 1)));
  }
}

/** One replica's copy, for as long as the replica runs. */
export class IdealLog implements GroupLog {
  onCommitted: ((error: Error | null) => void) | null = null;
  onLeadership: (() => void) | null = null;
  onAppended: ((entry: Entry) => void) | null = null;
  firstIndex = 1;
  committedIndex = 0;
  readonly bytes = 0;
  readonly group: number;
  durable = 0;
  term = 0;
  readonly #shared: IdealGroup;
  readonly #replica: number;
  readonly #placed: Placed[] = [];
  #leader = 0;
  #leading = false;
  #next = 1;
  #awaitDisk: { readonly index: number; readonly resolve: () => void }[] = [];

  constructor(shared: IdealGroup, replica: number) {
    this.#shared = shared;
    this.group = shared.group;
    this.#replica = replica;
  }

  get lastIndex(): number {
    return this.#placed.length;
  }

  get lastMergePoint(): number {
    return this.#placed.at(-1)?.mergePoint ?? 0;
  }

  get leadership(): Leadership {
    const other = this.#leader !== 0 && this.#leader !== this.#replica;
    return { leading: this.#leading, leader: other ? String(this.#leader) : null, term: this.term };
  }

  propose(proposal: Proposal): number {
    if (!this.#leading) throw notLeader(this.#leader);
    return this.appendOwn(proposal);
  }

  appendOwn(proposal: Proposal): number {
    const timestampMs = Math.max(proposal.timestampMs, this.#placed.at(-1)?.entry.timestampMs ?? 0);
    this.#append({ ...proposal, index: this.#placed.length + 1, timestampMs }, this.term);
    return this.#placed.length;
  }

  startFrom(index: number): void {
    if (index < this.firstIndex || index > this.lastIndex + 1) throw new Error(`there is no entry ${index}`);
    this.#next = index;
    this.committedIndex = Math.max(this.committedIndex, index - 1);
  }

  take(): Entry | null {
    const placed = this.#next <= this.committedIndex ? this.#placed[this.#next - 1] : undefined;
    if (placed === undefined) return null;
    this.#next++;
    return placed.entry;
  }

  readIndex(done: (index: number | PsmrError) => void): void {
    this.#shared.ask(this, done);
  }

  positionOf(index: number): LogPosition {
    if (index > this.committedIndex) throw new Error(`entry ${index} is not committed`);
    return { index, term: this.termAt(index), membership: null };
  }

  whenDurable(index: number): Promise<void> {
    return new Promise((resolve) => {
      this.#awaitDisk.push({ index, resolve });
      this.writeDisk(0);
    });
  }

  truncateBelow(index: number): Promise<void> {
    this.firstIndex = Math.max(this.firstIndex, index);
    return Promise.resolve();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  termAt(index: number): number {
    return this.#placed[index - 1]?.term ?? 0;
  }

  slice(from: number, to: number): Placed[] {
    return this.#placed.slice(from, to);
  }

  isAhead(other: IdealLog): boolean {
    const [mine, theirs] = [this.termAt(this.lastIndex), other.termAt(other.lastIndex)];
    return mine > theirs || (mine === theirs && this.lastIndex > other.lastIndex);
  }

  /** How far two copies are the same: one term at one index means one history (log matching). */
  matches(other: IdealLog): number {
    let index = Math.min(this.lastIndex, other.lastIndex);
    while (this.termAt(index) !== other.termAt(index)) index--;
    return index;
  }

  writeDisk(share: number): void {
    this.durable += Math.ceil(share * (this.lastIndex - this.durable));
    const { durable } = this;
    for (const { index, resolve } of this.#awaitDisk) if (index <= durable) resolve();
    this.#awaitDisk = this.#awaitDisk.filter(({ index }) => index > durable);
  }

  learn(term: number, leader: number): void {
    if (term > this.term || this.#leader === 0) this.#leader = leader;
    this.term = term;
    this.#look();
  }

  /** Takes up to `count` entries from the leader, after dropping what differs from its log. */
  follow(leader: IdealLog, count: number): void {
    const same = this.matches(leader);
    const added = leader.slice(same, same + count);
    if (added.length === 0) return;
    this.#placed.length = same;
    this.durable = Math.min(this.durable, same);
    for (const { entry, term } of added) {
      this.#append(entry, term);
      this.onAppended?.(entry);
    }
  }

  commitTo(index: number): void {
    if (index <= this.committedIndex) return;
    this.committedIndex = index;
    this.#look();
    this.onCommitted?.(null);
  }

  #append(entry: Entry, term: number): void {
    this.#placed.push({ term, entry, mergePoint: Math.max(this.lastMergePoint, entry.mergePoint) });
  }

  #look(): void {
    const before = this.leadership;
    this.#leading = this.#leader === this.#replica && this.termAt(this.committedIndex) === this.term;
    if (before.leading !== this.#leading || !this.#leading) this.onLeadership?.();
  }
}
