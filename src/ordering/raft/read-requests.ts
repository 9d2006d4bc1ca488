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
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;

  constructor(options: ReadRequestsOptions) {
    this.#options = options;
  }

  add(done: Done): void {
    this.#ask({ done, until: this.#options.clock.now() + PATIENCE_MS });
  }

  /** -1: not confirmed. */
  answer(id: number, index: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    this.#waiting.delete(id);
    const { clock, refusal } = this.#options;
    if (index >= 0) waiting.done(index);
    else if (clock.now() >= waiting.until) waiting.done(refusal());
    else clock.after(RETRY_MS, () => this.#ask(waiting));
  }

  close(): void {
    const { refusal } = this.#options;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { done } of waiting) done(refusal());
  }

  #ask(waiting: Waiting): void {
    const id = this.#nextId++;
    this.#waiting.set(id, waiting);
    this.#options.ask(id);
  }
}
