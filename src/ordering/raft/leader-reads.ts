import type { ReplicaId } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';

/** More are told to ask again. */
const READERS_MAX = 100_000;

interface Reader {
  readonly id: number;
  /** The follower that asks; 0: this replica. */
  readonly from: ReplicaId;
}

/**
 * ReadIndex: those who read wait until a round of heartbeats, begun after they asked, shows that this leader had not been
 * replaced. One round serves all who wait; those who come meanwhile share the next.
 */
export class LeaderReads {
  readonly #state: ReplicaState;
  #waiting: Reader[] = [];
  #waitingSince = 0;
  #asked: Reader[] = [];
  #round = 0;
  #index = 0;

  constructor(state: ReplicaState) {
    this.#state = state;
  }

  add(id: number, from: ReplicaId): void {
    if (this.#waiting.length >= READERS_MAX) return this.#answer({ id, from }, -1);
    if (this.#waiting.length === 0) this.#waitingSince = this.#state.now;
    this.#waiting.push({ id, from });
  }

  /** A round is to be begun. */
  get wanted(): boolean {
    return this.#waiting.length > 0 && this.#asked.length === 0;
  }

  /** All who wait now are served when this round, to be begun, is confirmed. */
  begin(round: number): void {
    this.#asked = this.#waiting;
    this.#waiting = [];
    this.#round = round;
    this.#index = this.#state.commitIndex;
  }

  confirmed(round: number): void {
    if (this.#asked.length === 0 || round < this.#round) return;
    for (const reader of this.#asked) this.#answer(reader, this.#index);
    this.#asked = [];
  }

  /** A leader that cannot settle keeps nobody waiting. */
  tick(): void {
    if (this.#waiting.length === 0 || this.#asked.length > 0) return;
    if (this.#state.now - this.#waitingSince >= this.#state.timing.electionMs) this.fail();
  }

  fail(): void {
    for (const reader of this.#asked) this.#answer(reader, -1);
    for (const reader of this.#waiting) this.#answer(reader, -1);
    this.#asked = [];
    this.#waiting = [];
  }

  answerNow(id: number, from: ReplicaId): void {
    this.#answer({ id, from }, this.#state.commitIndex);
  }

  #answer({ id, from }: Reader, index: number): void {
    const { id: self, term, outbox } = this.#state;
    if (from === 0) outbox.answerRead(id, index);
    else outbox.send({ type: 'read-reply', from: self, to: from, term, id, index });
  }
}
