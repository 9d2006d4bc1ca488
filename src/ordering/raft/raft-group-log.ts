/**
 * The group log of one replica among several: carries out what the Raft core decides, over a store, a hard-state file
 * and links. What is proposed in one turn goes out as one append and one sync; the leader's own sync runs while its
 * followers write.
 */
import { messageOf, PsmrError } from '../../errors.js';
import { logClosed } from '../../storage/storage-error.js';
import type { PeerAddress, PeerLinks } from '../../transport/peer-links.js';
import {
  EntryKind,
  type Entry,
  type GroupLog,
  type Leadership,
  type LogPosition,
  type Membership,
  type Proposal,
} from '../group-log.js';
import { notLeader } from '../not-leader.js';
import { DeadlineTimer } from './deadline-timer.js';
import { DiskWatch } from './disk-watch.js';
import { Fitness, isBehind } from './fitness.js';
import { isSameLeadership, leadershipOf, neededFrom, statusOf, unsentFrom } from './group-view.js';
import { LeaderPreference } from './leader-preference.js';
import { cannotLead, entriesMissing, membersStay } from './log-refusals.js';
import { RaftCore } from './raft-core.js';
import { RaftLog } from './raft-log.js';
import { piecesOf, readMessage } from './raft-message-codec.js';
import type { RaftGroupLogOptions, RaftStatus } from './raft-group-log-options.js';
import { encodeMembership, type ReceivedEntry } from './raft-record.js';
import type { Effects, ReplicaId, TransferReason } from './raft-types.js';
import { ReadRequests } from './read-requests.js';

export class RaftGroupLog implements GroupLog {
  readonly group: number;
  onCommitted: ((error: Error | null) => void) | null = null;
  onLeadership: (() => void) | null = null;
  onAppended: ((entry: Entry) => void) | null = null;
  readonly #options: RaftGroupLogOptions;
  readonly #log: RaftLog;
  readonly #core: RaftCore;
  readonly #links: PeerLinks;
  readonly #reads: ReadRequests;
  readonly #preference: LeaderPreference;
  readonly #disk: DiskWatch;
  readonly #fitness: Fitness;
  #leadership: Leadership = { leading: false, leader: null, term: 0 };
  #next: number;
  #committed: number;
  #flushing = false;
  /** Something on other replicas waits for the commit of what was appended and has not gone out yet. */
  #awaited = false;
  #syncing = false;
  #durable = 0;
  /** The newest term that was begun with a no-op here. */
  #ledTerm = -1;
  readonly #timer: DeadlineTimer;
  #failed = false;
  #closed = false;

  /** The store must hold the entry that `start` names, or begin right behind it: see `prepareStore`. */
  constructor(options: RaftGroupLogOptions) {
    const { group, replica, store, hardState, start, timing, flow, clock, random } = options;
    this.group = group;
    this.#options = options;
    this.#log = new RaftLog(store, start);
    this.#next = start.index + 1;
    this.#committed = start.index;
    this.#core = new RaftCore({
      id: replica,
      hardState: hardState.state,
      membership: this.#log.membership,
      log: this.#log,
      commitIndex: start.index,
      timing,
      flow,
      random,
      nowMs: clock.now(),
    });
    this.#reads = new ReadRequests({
      clock,
      ask: (id) => this.#step((now) => this.#core.read(id, now)),
      refusal: () => notLeader(this.#core.leader),
    });
    this.#timer = new DeadlineTimer(clock, () => {
      this.#step((now) => this.#core.tick(now));
      this.#prefer();
    });
    this.#preference = new LeaderPreference(options.preferred, replica);
    this.#disk = new DiskWatch(() => options.diskHangs());
    this.#fitness = new Fitness(options, () => isBehind(this.#log, this.#next, this.#committed));
    this.#durable = this.#log.lastIndex;
    this.#links = options.openLinks({
      message: (from, bytes) => this.#receive(from, bytes),
      up: (peer) => this.#step((now) => this.#core.probe(peer, now)),
      down: (peer) => {
        this.#preference.lost(peer, this.#core.membership.voters);
        this.#step((now) => this.#core.peerLost(peer, now));
      },
    });
    this.#step(() => undefined);
  }

  get firstIndex(): number {
    return this.#log.firstIndex;
  }
  get lastIndex(): number {
    return this.#log.lastIndex;
  }
  get committedIndex(): number {
    return this.#committed;
  }
  get bytes(): number {
    return this.#log.bytes;
  }
  get leadership(): Leadership {
    return this.#leadership;
  }
  get lastMergePoint(): number {
    return this.#log.lastMergePoint;
  }

  get status(): RaftStatus {
    return statusOf(this.#core, this.#log, this.#disk.hangs);
  }

  propose(proposal: Proposal): number {
    if (this.#closed) throw logClosed();
    if (!this.#leadership.leading) throw notLeader(this.#core.leader);
    this.#flushSoon();
    return this.#append(proposal);
  }

  startFrom(index: number): void {
    if (index < this.#options.store.firstIndex || index > this.#log.lastIndex + 1) {
      throw entriesMissing(this.group, this.#options.store.firstIndex, this.#log.lastIndex, index);
    }
    this.#next = index;
  }

  take(): Entry | null {
    if (this.#closed || this.#next > this.#committed) return null;
    const { entry } = this.#log.at(this.#next++);
    return entry.kind === EntryKind.membership ? { ...entry, kind: EntryKind.noop, frames: [] } : entry;
  }

  readIndex(done: (index: number | PsmrError) => void): void {
    this.#reads.add(done);
  }

  positionOf(index: number): LogPosition {
    return { index, term: this.#log.termOf(index), membership: this.#log.membershipAt(index) };
  }

  /** What is committed is durable on a majority, and what is executed was committed. */
  whenDurable(): Promise<void> {
    return Promise.resolve();
  }

  /** Followers that are a little behind are better served from the log than with a checkpoint. */
  truncateBelow(index: number): Promise<void> {
    const { retainBytes, timing } = this.#options;
    const needed = neededFrom(index, this.#core.followers, timing.electionMs);
    const spare = this.#log.bytes > 2 * retainBytes ? index : needed;
    return this.#log.bytes <= retainBytes ? Promise.resolve() : this.#log.truncateBelow(spare);
  }

  /**
   * Hands the group to another replica, which takes over when it has all entries. What is wanted stays there, whoever is
   * preferred. Throws NOT_LEADER, INVALID_ARGUMENT, ENGINE_STOPPED.
   */
  transferLeadership(to: ReplicaId, why: TransferReason): void {
    if (this.#closed) throw logClosed();
    if (this.#core.role !== 'leader') throw notLeader(this.#core.leader);
    if (this.#core.leader === to) return;
    const accepted = this.#step((now) => this.#core.transferLeadership(to, why, now));
    if (accepted !== true) throw cannotLead(this.group, to);
  }

  /** Proposes a new membership, one server more or less; returns its index. Throws as transferLeadership does. */
  changeMembership(membership: Membership): number {
    if (this.#closed) throw logClosed();
    if (!this.#leadership.leading) throw notLeader(this.#core.leader);
    const problem = this.#core.membershipProblem(membership);
    if (problem !== null) throw membersStay(this.group, problem);
    const index = this.#append({
      ...this.#emptyProposal(),
      kind: EntryKind.membership,
      frames: [encodeMembership(membership)],
    });
    this.#step((now) => this.#core.membershipAppended(membership, now));
    void this.#sync();
    return index;
  }

  setPeers(peers: readonly PeerAddress[]): void {
    this.#links.setPeers(peers);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer.stop();
    this.#reads.close();
    await this.#links.close();
    await this.#options.hardState.close();
    await this.#log.close();
  }

  #emptyProposal(): Proposal {
    return { kind: EntryKind.noop, mergePoint: this.#log.lastMergePoint, timestampMs: 0, frames: [] };
  }

  #append({ kind, mergePoint, timestampMs, frames }: Proposal): number {
    const index = this.#log.lastIndex + 1;
    // Streams wait on each replica for group 0's entries, and other streams at a rendezvous for the ones that lead there.
    this.#awaited ||= this.group === 0 || mergePoint > this.#log.lastMergePoint;
    const latestMs = Math.max(this.#log.timestampMs, timestampMs);
    this.#log.append(this.#core.term, { index, kind, timestampMs: latestMs, mergePoint, frames });
    return index;
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    this.#options.clock.soon(() => {
      this.#flushing = false;
      if (this.#closed || this.#core.role !== 'leader') return;
      const awaited = this.#awaited;
      this.#awaited = false;
      this.#step((now) => this.#core.appended(now, awaited));
      void this.#sync();
    });
  }

  #receive(from: ReplicaId, bytes: Uint8Array): void {
    if (this.#closed) return;
    const received = readMessage(from, this.#options.replica, bytes);
    if (received instanceof PsmrError) return this.#options.malformed(from, received);
    if (received.message.type === 'timeout-now') {
      const { term, stay, needed } = received.message;
      if (needed ? this.#options.stuck() : this.#fitness.isUnfit()) return;
      this.#preference.handed(term + 1, stay);
    }
    this.#step((now) => this.#core.receive(received.message, now), received.entries);
  }

  /** Lets the core do something, then does what follows from it. Null: this log is closed. */
  #step<T>(act: (nowMs: number) => T, received: readonly ReceivedEntry[] = []): T | null {
    if (this.#closed) return null;
    const now = this.#options.clock.now();
    this.#core.unfit = this.#fitness.look(now);
    const answer = act(now);
    this.#carryOut(this.#core.takeEffects(), received);
    if (this.#core.role === 'leader' && this.#core.term !== this.#ledTerm) this.#beginToLead();
    this.#look();
    this.#disk.look(this.#syncing || this.#options.hardState.busy, this.#options.clock.now());
    this.#timer.set(this.#core.deadlineMs);
    return answer;
  }

  /** A new leader's first entry commits all that its predecessors left. */
  #beginToLead(): void {
    this.#ledTerm = this.#core.term;
    this.#preference.begin(this.#ledTerm, this.#options.clock.now());
    this.#append(this.#emptyProposal());
    this.#core.appended(this.#options.clock.now(), true);
    this.#carryOut(this.#core.takeEffects(), []);
    void this.#sync();
  }

  #carryOut(effects: Effects, received: readonly ReceivedEntry[]): void {
    const { hardState, truncateAbove, append, messages, reads, checkpointNeeded } = effects;
    if (hardState !== null) {
      this.#options.hardState.write(hardState).then(
        () => this.#hardStateWritten(),
        (error: unknown) => this.#fail(error),
      );
    }
    if (truncateAbove !== null) {
      this.#log.truncateAbove(truncateAbove);
      this.#core.membershipReplaced(this.#log.membership);
    }
    if (append !== null) this.#store(append.request.previousIndex, append.from, received);
    for (const message of messages) this.#links.send(message.to, piecesOf(message, this.#log));
    for (const { id, index } of reads) this.#reads.answer(id, index);
    if (checkpointNeeded !== null) this.#options.checkpointNeeded(checkpointNeeded.from);
  }

  #hardStateWritten(): void {
    // A newer one has been given out since: its own turn comes.
    if (this.#options.hardState.busy) return;
    this.#step((now) => this.#core.hardStateDurable(now));
  }

  /** Stores a leader's entries from index `from` on, as they came. */
  #store(previousIndex: number, from: number, received: readonly ReceivedEntry[]): void {
    for (const each of received.slice(from - previousIndex - 1)) {
      this.#log.appendReceived(each);
      if (each.membership !== null) this.#core.membershipReplaced(each.membership);
      this.onAppended?.(each.entry);
    }
    void this.#sync();
  }

  /** One sync at a time; what is appended meanwhile is the next one's. */
  async #sync(): Promise<void> {
    if (this.#syncing) return;
    this.#syncing = true;
    try {
      do {
        // A leader must not stand still with its disk: its followers do its work meanwhile.
        const durable = (this.#durable = await this.#log.sync(this.#core.role !== 'leader'));
        this.#disk.answered();
        this.#step((now) => this.#core.logDurable(durable, now));
      } while (!this.#closed && this.#durable < this.#log.lastIndex);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#syncing = false;
  }

  /** Once: whatever fails after that fails because of it. */
  #fail(error: unknown): void {
    if (this.#closed || this.#failed) return;
    this.#failed = true;
    this.onCommitted?.(
      error instanceof PsmrError ? error : new PsmrError('STORAGE_FAILED', messageOf(error), { cause: error }),
    );
  }

  /** Tells of what has changed. */
  #look(): void {
    const { commitIndex } = this.#core;
    const leadership = leadershipOf(this.#core, this.#options.replica);
    if (!isSameLeadership(leadership, this.#leadership)) {
      this.#leadership = leadership;
      this.onLeadership?.();
    }
    if (commitIndex === this.#committed) return;
    this.#committed = commitIndex;
    this.#log.release(unsentFrom(this.#next, this.#core.followers));
    this.onCommitted?.(null);
  }

  #prefer(): void {
    const nowMs = this.#options.clock.now();
    const instead = this.#disk.successor(this.#core, this.#durable, nowMs);
    const to = instead || this.#preference.wishes(this.#core, this.#log.lastIndex, nowMs);
    if (to === 0) return;
    this.#step((now) => this.#core.transferLeadership(to, instead === 0 ? 'preferred' : 'needed', now));
  }
}
