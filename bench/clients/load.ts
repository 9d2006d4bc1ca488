/** The load that one thread makes: its clients, its part of the commands, closed or open loop. */
import { invariant } from '../../src/errors.js';
import type { Sample } from '../techniques/technique.js';
import type { BenchJob } from '../workloads/bench-job.js';
import type { ResultCheck } from '../workloads/workload.js';
import type { LoadClient } from './batch-client.js';
import { BatchCycle } from './batch-cycle.js';
import { runClosedLoop } from './closed-loop.js';
import { fillState } from './fill-state.js';
import type { LoadClock } from './load-clock.js';
import { runOpenLoop } from './open-loop.js';

/** Every so many results one is looked at: a look costs the clients' thread more than a light command costs the engine. */
const CHECKED_EVERY = 16;

/** This thread's part of all load threads. */
export interface LoadShare {
  readonly index: number;
  readonly threads: number;
}

export class Load {
  readonly #job: BenchJob;
  readonly #share: LoadShare;
  readonly #clients: readonly LoadClient[];
  readonly #batches: BatchCycle;
  readonly #check: ResultCheck;

  constructor(job: BenchJob, share: LoadShare, clients: readonly LoadClient[]) {
    this.#job = job;
    this.#share = share;
    this.#clients = clients;
    // Threads begin at different places: the same commands at the same time would meet in every cache.
    this.#batches = new BatchCycle(job.commands, job.options.batch, share.index / share.threads);
    this.#check = everyNth(CHECKED_EVERY, job.workload.check);
  }

  fill(): Promise<void> {
    const [client] = this.#clients;
    return client === undefined ? Promise.resolve() : fillState(client, this.#job.load());
  }

  run(seconds: number, clock: LoadClock): Promise<Sample> {
    const { batch, outstanding, rate, clients: allClients } = this.#job.options;
    const batchesInFlight = Math.max(1, Math.floor(outstanding / batch));
    const load = { clients: this.#clients, batches: this.#batches, check: this.#check };
    if (rate === null) return runClosedLoop({ ...load, batchesInFlight }, seconds, clock);
    const share = this.#clients.length / allClients;
    const batchesInFlightMax = batchesInFlight * this.#clients.length;
    return runOpenLoop({ ...load, batch, rate: rate * share, batchesInFlightMax }, seconds, clock);
  }

  /** What the workload conserves, as the service has it. */
  async conserved(): Promise<number> {
    const { conserved } = this.#job.workload;
    if (conserved === null) return 0;
    const [outcome] = (await this.#clients[0]?.executeBatch([conserved.query])) ?? [];
    if (outcome?.ok === false) throw outcome.error;
    const sum = outcome?.value;
    invariant(typeof sum === 'number', `'${conserved.query[0]}' returned no number`);
    return sum;
  }

  /** What this thread's commands, all of its runs together, have added to it. */
  added(): number {
    const { conserved } = this.#job.workload;
    return conserved === null ? 0 : this.#batches.sum((batch) => conserved.added(batch));
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
  }
}

function everyNth(n: number, check: ResultCheck): ResultCheck {
  let seen = 0;
  return (command, value) => (seen++ % n === 0 ? check(command, value) : null);
}
