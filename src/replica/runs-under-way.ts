import { lowestOf } from '../execution/stream-set.js';
import { Fifo } from '../fifo.js';
import type { SyncRun } from '../ordering/sync-run.js';

/** The runs that group 0's worker has handed out and whose results have not come back. */
export class RunsUnderWay {
  /** By the stream that coordinates them, their indexes: each stream reports in the order in which it was given them. */
  readonly #open: readonly Fifo<number>[];
  #count = 0;

  constructor(streams: number) {
    this.#open = Array.from({ length: streams }, () => new Fifo());
  }

  get count(): number {
    return this.#count;
  }

  /** The oldest entry with such a run; null: there is none. Some streams may still answer while others do not. */
  get oldest(): number | null {
    let oldest = Infinity;
    for (const open of this.#open) oldest = Math.min(oldest, open.first ?? Infinity);
    return oldest === Infinity ? null : oldest;
  }

  handed(run: SyncRun): void {
    this.#open[lowestOf(run) - 1]?.push(run.index);
    this.#count++;
  }

  /** Results have come from this stream. */
  reported(stream: number): void {
    this.#open[stream - 1]?.shift();
    this.#count--;
  }
}
