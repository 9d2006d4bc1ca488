import { isMajority } from './quorum.js';
import type { ReplicaId, VoteReply, VoteRequest } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';

export interface ElectionHandlers {
  /** This replica no longer follows whom it followed. */
  standing(): void;
  /** A majority has voted for this replica in the current term. */
  elected(): void;
}

/** In heartbeats: the others learn of a leader's end a little later or earlier. */
const FIRST_TURN = 0.2;

/**
 * When to ask for votes, and whom to give one's own. A replica that has heard from a leader not long ago gives nobody
 * its vote (but where that leader itself wants it): those who are cut off or removed disturb nobody, and the leader may
 * count on it (leases).
 */
export class Election {
  readonly #state: ReplicaState;
  readonly #handlers: ElectionHandlers;
  readonly #votes = new Set<ReplicaId>();
  #deadline = 0;
  /** In any term: a promise to a leader holds even when word of a newer term has come. */
  #heardLeaderAt = Number.NEGATIVE_INFINITY;

  constructor(state: ReplicaState, handlers: ElectionHandlers) {
    this.#state = state;
    this.#handlers = handlers;
    // What was promised to a leader before a restart is forgotten: it may have been just now.
    if (state.timing.leaseMs > 0) this.#heardLeaderAt = state.now;
    this.resetTimer();
    // Nobody else can lead: no reason to wait.
    if (state.isVoter && state.membership.voters.length === 1) this.#deadline = state.now;
  }

  get deadline(): number {
    return this.#deadline;
  }

  resetTimer(): void {
    const { now, timing, random } = this.#state;
    this.#deadline = now + timing.electionMs * (1 + random());
  }

  heardLeader(): void {
    this.#heardLeaderAt = this.#state.now;
    this.resetTimer();
  }

  /**
   * The connection to the leader has ended, as it does at once when its process dies: no need to wait for silence. Those
   * who still hear the leader refuse the pre-vote. Voters stand one after another, lest they split the votes. With
   * leases the leader, should it live, counts on all keeping quiet: nothing changes.
   */
  leaderLost(leader: ReplicaId): void {
    const { now, timing, id, membership } = this.#state;
    if (timing.leaseMs > 0) return;
    this.#heardLeaderAt = Number.NEGATIVE_INFINITY;
    if (!this.#state.isVoter) return;
    const turn = turnAfter(leader, id, membership.voters);
    this.#deadline = Math.min(this.#deadline, now + timing.heartbeatMs * (turn + FIRST_TURN));
  }

  /** Whether a leader may still count on this replica. */
  get promised(): boolean {
    const { role, now, timing } = this.#state;
    return role === 'leader' || now - this.#heardLeaderAt < timing.electionMs;
  }

  tick(): void {
    if (this.#state.now < this.#deadline) return;
    this.resetTimer();
    if (this.#state.mayStand) this.#ask(true, false);
  }

  /** The leader wants this replica in its place. */
  standNow(): void {
    if (this.#state.mayStand) this.#stand(true);
  }

  /** The replica's own vote counts once it cannot be forgotten. */
  hardStateDurable(): void {
    const { role, id, outbox } = this.#state;
    if (role !== 'candidate' || !outbox.hardStateDurable) return;
    this.#votes.add(id);
    this.#count();
  }

  #stand(transfer: boolean): void {
    const { term, id } = this.#state;
    this.resetTimer();
    this.#state.setHardState(term + 1, id);
    this.#ask(false, transfer);
  }

  #ask(pre: boolean, transfer: boolean): void {
    const { id, term, log, lastTerm, membership, outbox } = this.#state;
    this.#state.role = pre ? 'pre-candidate' : 'candidate';
    this.#state.leader = 0;
    this.#handlers.standing();
    this.#votes.clear();
    const head = { type: 'vote-request', from: id, term: pre ? term + 1 : term } as const;
    for (const to of membership.voters) {
      if (to !== id) outbox.send({ ...head, to, pre, lastIndex: log.lastIndex, lastTerm, transfer });
    }
    if (!pre) return;
    this.#votes.add(id);
    this.#count();
  }

  #count(): void {
    if (!isMajority(this.#state.membership.voters, this.#votes)) return;
    if (this.#state.role === 'pre-candidate') this.#stand(false);
    else this.#handlers.elected();
  }

  /** For a request of this replica's term, or (`pre`) of any. */
  voteRequested(request: VoteRequest): void {
    const { id, term, votedFor, log, lastTerm, outbox } = this.#state;
    const free = request.term > term || (request.term === term && (votedFor === 0 || votedFor === request.from));
    const upToDate =
      request.lastTerm > lastTerm || (request.lastTerm === lastTerm && request.lastIndex >= log.lastIndex);
    const granted = free && upToDate && (request.transfer || !this.promised);
    if (granted && !request.pre) {
      this.resetTimer();
      if (votedFor === 0) this.#state.setHardState(term, request.from);
    }
    // A granted pre-vote is an answer in the term that was asked about; all else tells the own term.
    const answered = granted ? request.term : term;
    outbox.send({ type: 'vote-reply', from: id, to: request.from, term: answered, pre: request.pre, granted });
  }

  /** For a reply of this replica's term, or of the one that it asked about (`pre`). */
  voteReplied(reply: VoteReply): void {
    const { role, term } = this.#state;
    const awaited = reply.pre ? role === 'pre-candidate' && reply.term === term + 1 : role === 'candidate';
    if (!awaited || !reply.granted) return;
    this.#votes.add(reply.from);
    this.#count();
  }
}

/** How many voters stand before this one when that leader is lost. */
function turnAfter(leader: ReplicaId, id: ReplicaId, voters: readonly ReplicaId[]): number {
  const order = voters.filter((voter) => voter !== leader).sort((a, b) => a - b);
  const first = order.findIndex((voter) => voter > leader);
  const place = order.indexOf(id) - Math.max(0, first);
  return (place + order.length) % order.length;
}
