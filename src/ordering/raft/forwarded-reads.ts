import type { ReadReply } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';

const READERS_MAX = 100_000;

/** A follower's readers: one request to the leader serves all who wait; those who come meanwhile share the next. */
export class ForwardedReads {
  readonly #state: ReplicaState;
  #waiting: number[] = [];
  #asked: number[] = [];
  #askedAt = 0;
  /** Begins anywhere: an answer to this replica before it restarted must not pass for one to it now. */
  #request: number;

  constructor(state: ReplicaState) {
    this.#state = state;
    this.#request = Math.floor(state.random() * 2 ** 52);
  }

  add(id: number): void {
    if (this.#state.leader === 0 || this.#waiting.length >= READERS_MAX) this.#state.outbox.answerRead(id, -1);
    else this.#waiting.push(id);
  }

  flush(): void {
    if (this.#waiting.length === 0 || this.#asked.length > 0) return;
    const { id, leader, term, now, outbox } = this.#state;
    this.#asked = this.#waiting;
    this.#waiting = [];
    this.#askedAt = now;
    this.#request++;
    outbox.send({ type: 'read-request', from: id, to: leader, term, id: this.#request });
  }

  replied(reply: ReadReply): void {
    if (reply.id !== this.#request) return;
    for (const id of this.#asked) this.#state.outbox.answerRead(id, reply.index);
    this.#asked = [];
  }

  get deadline(): number {
    return this.#asked.length === 0 ? Number.POSITIVE_INFINITY : this.#askedAt + this.#state.timing.electionMs;
  }

  /** The question or its answer was lost. */
  tick(): void {
    if (this.#state.now >= this.deadline) this.#failAsked();
  }

  fail(): void {
    this.#failAsked();
    for (const id of this.#waiting) this.#state.outbox.answerRead(id, -1);
    this.#waiting = [];
  }

  #failAsked(): void {
    for (const id of this.#asked) this.#state.outbox.answerRead(id, -1);
    this.#asked = [];
  }
}
