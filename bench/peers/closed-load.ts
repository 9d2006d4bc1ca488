import type { LoadClient } from '../clients/batch-client.js';
import { BatchCycle } from '../clients/batch-cycle.js';
import { runClosedLoop } from '../clients/closed-loop.js';
import { realClock } from '../clients/load-clock.js';
import type { Sample } from '../techniques/technique.js';
import { anyResult, type BenchCommand } from '../workloads/workload.js';

/** Load by clients in this thread: each sends its next batch when one is answered. */
export class ClosedLoad {
  readonly #clients: readonly LoadClient[];
  readonly #batches: BatchCycle;
  readonly #batchesInFlight: number;

  constructor(clients: readonly LoadClient[], commands: readonly BenchCommand[], batch: number, outstanding: number) {
    this.#clients = clients;
    this.#batches = new BatchCycle(commands, batch);
    this.#batchesInFlight = Math.max(1, Math.floor(outstanding / batch / clients.length));
  }

  /** Rejects with the first error. */
  run(seconds: number): Promise<Sample> {
    const load = { clients: this.#clients, batches: this.#batches, check: anyResult };
    return runClosedLoop({ ...load, batchesInFlight: this.#batchesInFlight }, seconds, realClock);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}
