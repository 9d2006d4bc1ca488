import type { PsmrError } from '../../errors.js';
import type { RaftClock } from './raft-group-log-options.js';

type Done = (index: number | PsmrError) => void;

interface Waiting {
  readonly done: Done;
  readonly until: number;
}

export interface ReadRequestsOptions {
  readonly clock: Pick<RaftClock, 'now' | 'after'>;
  /** Asks the core for an index that the read must see. */
  readonly ask: (id: number) => void;
  readonly refusal: () => PsmrError;
}

/** An election takes less; whoever reads is better told than kept longer. */
const PATIENCE_MS = 1000;
const RETRY_MS = 20;

/** Reads that wait for their index: asked again while the leadership is changing, for a bounded time. */
export class ReadRequests {
  readonly #options: ReadRequestsOptions;
  readonly #asked = new Map<number, Waiting>();
  /** Between two questions, and how to call off the next one. */
  readonly #resting = new Map<Waiting, () => void>();
  #nextId = 1;
  #closed = false;

  constructor(options: ReadRequestsOptions) {
    this.#options = options;
  }

  add(done: Done): void {
    if (this.#closed) done(this.#options.refusal());
    else this.#ask({ done, until: this.#options.clock.now() + PATIENCE_MS });
  }

  /** -1: not confirmed. */
  answer(id: number, index: number): void {
    const waiting = this.#asked.get(id);
    if (waiting === undefined) return;
    this.#asked.delete(id);
    if (index >= 0) waiting.done(index);
    else if (this.#options.clock.now() >= waiting.until) waiting.done(this.#options.refusal());
    else this.#askLater(waiting);
  }

  /** Nobody is left waiting. */
  close(): void {
    this.#closed = true;
    for (const callOff of this.#resting.values()) callOff();
    const left = [...this.#asked.values(), ...this.#resting.keys()];
    this.#asked.clear();
    this.#resting.clear();
    for (const { done } of left) done(this.#options.refusal());
  }

  #askLater(waiting: Waiting): void {
    const callOff = this.#options.clock.after(RETRY_MS, () => {
      this.#resting.delete(waiting);
      this.#ask(waiting);
    });
    this.#resting.set(waiting, callOff);
  }

  #ask(waiting: Waiting): void {
    const id = this.#nextId++;
    this.#asked.set(id, waiting);
    this.#options.ask(id);
  }
}
