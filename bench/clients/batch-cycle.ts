import type { BenchCommand } from '../workloads/workload.js';

/** Prebuilt commands in batches, over and over: making commands takes no time while measuring. */
export class BatchCycle {
  readonly #batches: readonly (readonly BenchCommand[])[];
  #next = 0;

  /** At least one command; the last batch may be shorter. */
  constructor(commands: readonly BenchCommand[], batch: number) {
    if (commands.length === 0) throw new RangeError('a cycle needs at least one command');
    this.#batches = Array.from({ length: Math.ceil(commands.length / batch) }, (_, i) =>
      commands.slice(i * batch, (i + 1) * batch),
    );
  }

  next(): readonly BenchCommand[] {
    const batch = this.#batches[this.#next] ?? [];
    this.#next = (this.#next + 1) % this.#batches.length;
    return batch;
  }
}
