import { lastAgreed, lastNotNewerThan } from './log-terms.js';
import type { AppendRequest, CheckpointNotice } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';

/** A follower's part in replication: takes what its leader sends and says how much of it is durable. */
export class Following {
  readonly #state: ReplicaState;
  /** What follows is known of this term's leader. */
  #term = -1;
  /** The own log is the leader's up to here, durable or not. */
  #agreed = 0;
  /** The last answer. */
  #toldIndex = -1;
  #toldRound = -1;
  #round = 0;

  constructor(state: ReplicaState) {
    this.#state = state;
  }

  appendRequested(request: AppendRequest): void {
    const { log, commitIndex } = this.#state;
    this.#enterTerm();
    // What is committed is every leader's: entries up to there are passed over.
    const previous = Math.max(request.previousIndex, commitIndex);
    if (request.previousIndex >= commitIndex) {
      const held = request.previousIndex <= log.lastIndex;
      if (!held || log.termOf(request.previousIndex) !== request.previousTerm) return this.#refuse(request);
    }
    if (request.lastIndex > previous && !this.#take(request, previous)) return;
    this.#agreed = Math.max(this.#agreed, request.lastIndex);
    this.#state.commitIndex = Math.max(commitIndex, Math.min(request.commitIndex, this.#agreed));
    this.#round = Math.max(this.#round, request.round);
    this.#answer(request);
  }

  /** More of the log is durable: the leader may be waiting for it. */
  logDurable(): void {
    if (this.#term !== this.#state.term || this.#state.leader === 0) return;
    const index = Math.min(this.#state.durableIndex, this.#agreed);
    if (index > this.#toldIndex) this.#tell(true, index, 0, this.#round);
  }

  checkpointNoticed(notice: CheckpointNotice): void {
    // An old notice: the log has come up since.
    if (this.#state.commitIndex >= notice.firstIndex - 1) return;
    this.#state.outbox.needCheckpoint(notice.from, notice.firstIndex);
  }

  #enterTerm(): void {
    if (this.#term === this.#state.term) return;
    this.#term = this.#state.term;
    this.#agreed = this.#state.commitIndex;
    this.#toldIndex = -1;
    this.#toldRound = -1;
    this.#round = 0;
  }

  /** Stores what is new in the request. False: it cannot come from a leader of this term. */
  #take(request: AppendRequest, previous: number): boolean {
    const { log, outbox } = this.#state;
    const from = lastAgreed(log, request, previous + 1, Math.min(request.lastIndex, log.lastIndex)) + 1;
    if (from > request.lastIndex) return true;
    if (from > log.lastIndex) {
      outbox.store(request, from, null);
      return true;
    }
    if (from <= this.#agreed) return false;
    this.#state.durableIndex = Math.min(this.#state.durableIndex, from - 1);
    outbox.store(request, from, from - 1);
    return true;
  }

  /** Says where the logs may still agree: the newest entry that is not of a newer term than the leader's at that index. */
  #refuse(request: AppendRequest): void {
    const { log, commitIndex } = this.#state;
    // Two committed entries at one index: not from a leader.
    if (request.previousIndex <= commitIndex) return;
    const high = Math.min(log.lastIndex, request.previousIndex);
    const index = Math.max(commitIndex, lastNotNewerThan(log, request.previousTerm, commitIndex, high));
    this.#tell(false, index, log.termOf(index), request.round);
  }

  /** At once when the leader learns something from it; else when the entries are durable. */
  #answer(request: AppendRequest): void {
    const index = Math.min(this.#state.durableIndex, this.#agreed);
    const durable = request.lastIndex > request.previousIndex && request.lastIndex <= index;
    if (durable || index > this.#toldIndex || request.round > this.#toldRound) {
      this.#tell(true, index, 0, request.round);
    }
  }

  #tell(ok: boolean, index: number, indexTerm: number, round: number): void {
    const { id, leader, term, unfit, outbox } = this.#state;
    if (ok) {
      this.#toldIndex = Math.max(this.#toldIndex, index);
      this.#toldRound = Math.max(this.#toldRound, round);
    }
    outbox.send({ type: 'append-reply', from: id, to: leader, term, ok, index, indexTerm, round, unfit });
  }
}
