import type { BenchCommand } from '../workloads/workload.js';

/** Prebuilt commands in batches, over and over: making commands takes no time while measuring. */
export class BatchCycle {
  readonly #batches: readonly (readonly BenchCommand[])[];
  readonly #times: number[];
  #next: number;

  /** At least one command; the last batch may be shorter. `from`, 0 to below 1, is where in the cycle it begins. */
  constructor(commands: readonly BenchCommand[], batch: number, from = 0) {
    if (commands.length === 0) throw new RangeError('a cycle needs at least one command');
    this.#batches = Array.from({ length: Math.ceil(commands.length / batch) }, (_, i) =>
      commands.slice(i * batch, (i + 1) * batch),
    );
    this.#times = this.#batches.map(() => 0);
    this.#next = Math.floor(this.#batches.length * from);
  }

  next(): readonly BenchCommand[] {
    const at = this.#next;
    this.#next = (at + 1) % this.#batches.length;
    this.#times[at] = (this.#times[at] ?? 0) + 1;
    return this.#batches[at] ?? [];
  }

  /** The sum of `value` over all batches handed out so far. */
  sum(value: (batch: readonly BenchCommand[]) => number): number {
    return this.#batches.reduce((sum, batch, at) => sum + value(batch) * (this.#times[at] ?? 0), 0);
  }
}
