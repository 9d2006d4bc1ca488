import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { connect } from '../../src/client/connect.js';
import type { LoadClient } from '../clients/batch-client.js';
import { Load } from '../clients/load.js';
import { realClock } from '../clients/load-clock.js';
import type { BenchOptions } from '../options/bench-options.js';
import kv from '../services/kv.js';
import { createJob } from '../workloads/bench-job.js';
import { endProgram, lineOf, startProgram, type OutputChild } from './child.js';

const CLI = fileURLToPath(new URL('../../src/cli/main.cjs', import.meta.url));
const SERVICE = fileURLToPath(new URL('../services/kv.js', import.meta.url));
const COMMANDS_MAX = 200_000;

/** The kv service behind `psmr serve`, in a process of its own; its clients are here. */
export class ServedKv {
  readonly #options: BenchOptions;
  #server: OutputChild | null = null;
  #load: Load | null = null;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { streams, clients: count } = this.#options;
    const options = ['--service', SERVICE, '--streams', String(streams), '--port', '0', '--no-http', '--json'];
    this.#server = await startProgram(process.execPath, [CLI, 'serve', ...options], 'Node itself cannot be started.');
    const ready = await lineOf(this.#server, (line) => line.startsWith('{'));
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(ready));
    const clients = await Promise.all(
      Array.from({ length: count }, (): Promise<LoadClient> => connect({ replicas: [url], service: kv })),
    );
    const map = createPartitionMap({ streams }).toJson();
    const job = createJob({ options: this.#options, map, spinsPerUs: 0, commandsMax: COMMANDS_MAX });
    this.#load = new Load(job, { index: 0, threads: 1 }, clients);
    await this.#load.fill();
  }

  /** Commands per second. */
  async run(seconds: number): Promise<number> {
    if (this.#load === null) throw new Error('broken invariant: start comes first');
    const sample = await this.#load.run(seconds, realClock);
    return sample.commands / sample.seconds;
  }

  async stop(): Promise<void> {
    await this.#load?.close();
    await endProgram(this.#server);
  }
}
