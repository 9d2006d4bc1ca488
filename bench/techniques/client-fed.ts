import { availableParallelism } from 'node:os';
import { invariant } from '../../src/errors.js';
import { LatencyRecorder } from '../measure/latency-recorder.js';
import type { Target } from '../targets/target.js';
import { BenchThreads, type BenchThread } from '../threads/bench-threads.js';
import type { EncodedSample, LoadCalls, LoadTask } from '../threads/load-thread.js';
import type { BenchJob } from '../workloads/bench-job.js';
import type { Contender, Sample } from './technique.js';
import type { Variant } from './variant.js';

const LOAD_THREAD = new URL('../threads/load-thread.js', import.meta.url);

/** A server elsewhere, or a target that this contender starts. */
export type Destination = { readonly replicas: readonly string[] } | { readonly target: Target };

/** A technique as its clients see it: requests and replies, with their latencies. */
export class ClientFed implements Contender {
  readonly variant: Variant;
  readonly #job: BenchJob;
  readonly #destination: Destination;
  readonly #loadThreads: number;
  readonly #pool: BenchThreads;
  #threads: readonly BenchThread<LoadCalls>[] = [];
  #baseline = 0;

  /** By default half of the cores make the load, the rest is left to those that execute. */
  constructor(
    variant: Variant,
    job: BenchJob,
    destination: Destination,
    threads = Math.max(1, Math.floor(availableParallelism() / 2)),
  ) {
    this.variant = variant;
    this.#job = job;
    this.#destination = destination;
    this.#loadThreads = Math.min(job.options.clients, threads);
    this.#pool = new BenchThreads(this.#loadThreads);
  }

  async prepare(): Promise<void> {
    this.#threads = (await this.#tasks()).map((task) => this.#pool.start<LoadCalls>(LOAD_THREAD, task));
    await this.#unlessFailed(Promise.all(this.#threads.map((thread) => thread.call('open'))));
    await this.#unlessFailed(this.#first.call('fill'));
    this.#baseline = await this.#unlessFailed(this.#first.call('conserved'));
  }

  async run(seconds: number): Promise<Sample> {
    const samples = await this.#unlessFailed(Promise.all(this.#threads.map((thread) => thread.call('run', seconds))));
    return mergeSamples(samples);
  }

  async verify(): Promise<void> {
    // What else is done to a server elsewhere is not known here.
    if ('replicas' in this.#destination || this.#job.workload.conserved === null) return;
    const added = await Promise.all(this.#threads.map((thread) => thread.call('added')));
    const due = added.reduce((sum, each) => sum + each, this.#baseline);
    const sum = await this.#unlessFailed(this.#first.call('conserved'));
    invariant(sum === due, `the sum over the state is ${sum}, but the commands make it ${due}`);
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.#threads.map((thread) => thread.call('close')));
    await this.#pool.stop();
    if ('target' in this.#destination) await this.#destination.target.stop();
  }

  get #first(): BenchThread<LoadCalls> {
    const [first] = this.#threads;
    invariant(first !== undefined, 'prepare comes first');
    return first;
  }

  async #tasks(): Promise<LoadTask[]> {
    const { recipe, options } = this.#job;
    const destination = this.#destination;
    const ports = 'target' in destination ? await destination.target.start(options.clients) : [];
    return Array.from({ length: this.#loadThreads }, (_, index) => {
      const share = { index, threads: this.#loadThreads };
      // Client c belongs to thread c % threads.
      const count = Math.ceil((options.clients - index) / this.#loadThreads);
      const clients =
        'target' in destination
          ? ports.filter((_port, client) => client % this.#loadThreads === index)
          : { replicas: destination.replicas, count, streams: this.variant.streams };
      return { recipe, share, clients };
    });
  }

  #unlessFailed<T>(work: Promise<T>): Promise<T> {
    return 'target' in this.#destination ? Promise.race([work, this.#destination.target.failure]) : work;
  }
}

/** Threads run at the same time; the slowest one's last answer ends the round. */
function mergeSamples(samples: readonly EncodedSample[]): Sample {
  const latencies = new LatencyRecorder();
  let commands = 0;
  let seconds = 0;
  for (const sample of samples) {
    commands += sample.commands;
    seconds = Math.max(seconds, sample.seconds);
    latencies.add(LatencyRecorder.decode(sample.latencies));
  }
  return { commands, seconds, latencies };
}
