import type { Membership } from '../group-log.js';
import { Outbox } from './outbox.js';
import type { HardState, LogView, RaftFlow, RaftOptions, RaftTiming, ReplicaId, Role } from './raft-types.js';
import { SteadyClock } from './steady-clock.js';

/** What the parts of one core share: who and in which term this replica is, and how far its log is. */
export class ReplicaState {
  readonly id: ReplicaId;
  readonly log: LogView;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
  readonly random: () => number;
  readonly clock: SteadyClock;
  readonly outbox = new Outbox();

  role: Role = 'follower';
  leader: ReplicaId = 0;
  #membership: Membership;
  /** The membership's entry is at this index or before it. */
  #membershipBefore: number;
  commitIndex: number;
  /** This replica's own log survives a crash up to here. */
  durableIndex: number;
  /** It had better not lead now. */
  unfit = false;
  #hardState: HardState;

  constructor(options: RaftOptions) {
    this.id = options.id;
    this.log = options.log;
    this.timing = options.timing;
    this.flow = options.flow;
    this.random = options.random;
    this.clock = new SteadyClock(options.nowMs);
    this.#membership = options.membership;
    this.#membershipBefore = options.log.lastIndex;
    this.commitIndex = options.commitIndex;
    this.durableIndex = options.log.lastIndex;
    this.#hardState = options.hardState;
    // Entries of a term may have outlived a crash that the term itself, written beside them, did not. Nobody was told
    // of either, so joining the term anew is sound.
    if (this.lastTerm > this.term) this.setHardState(this.lastTerm, 0);
  }

  get term(): number {
    return this.#hardState.term;
  }

  get votedFor(): ReplicaId {
    return this.#hardState.votedFor;
  }

  get now(): number {
    return this.clock.now;
  }

  get lastTerm(): number {
    return this.log.termOf(this.log.lastIndex);
  }

  get isVoter(): boolean {
    return this.membership.voters.includes(this.id);
  }

  /**
   * One that leaves may be the only one to know so: until that is known to be committed, the others may need it to lead
   * (thesis 4.2.2).
   */
  get mayStand(): boolean {
    return this.isVoter || this.commitIndex < this.#membershipBefore;
  }

  get membership(): Membership {
    return this.#membership;
  }

  /** In force from the moment when it is in the log. */
  set membership(membership: Membership) {
    this.#membership = membership;
    this.#membershipBefore = this.log.lastIndex;
  }

  isMember(id: ReplicaId): boolean {
    return this.membership.voters.includes(id) || this.membership.learners.includes(id);
  }

  setHardState(term: number, votedFor: ReplicaId): void {
    this.#hardState = { term, votedFor };
    this.outbox.writeHardState(this.#hardState);
  }
}
