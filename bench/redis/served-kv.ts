import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { BenchOptions } from '../options/bench-options.js';
import { ClientFed } from '../techniques/client-fed.js';
import { createJob } from '../workloads/bench-job.js';
import { endProgram, lineOf, startProgram, type OutputChild } from './child.js';

const CLI = fileURLToPath(new URL('../../src/cli/main.cjs', import.meta.url));
const SERVICE = fileURLToPath(new URL('../services/kv.js', import.meta.url));
const COMMANDS_MAX = 200_000;
const COMMANDS_PER_KEY = 2;

/** The kv service behind `psmr serve`, in a process of its own; its clients are here, a thread each. */
export class ServedKv {
  readonly #options: BenchOptions;
  #server: OutputChild | null = null;
  #load: ClientFed | null = null;

  constructor(options: BenchOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const { streams, clients } = this.#options;
    const options = ['--service', SERVICE, '--streams', String(streams), '--port', '0', '--no-http', '--json'];
    this.#server = await startProgram(process.execPath, [CLI, 'serve', ...options], 'Node itself cannot be started.');
    const ready = await lineOf(this.#server, (line) => line.startsWith('{'));
    const { url } = z.object({ url: z.string() }).parse(JSON.parse(ready));
    const map = createPartitionMap({ streams }).toJson();
    const commandsMax = Math.min(COMMANDS_MAX, COMMANDS_PER_KEY * this.#options.keys);
    const job = createJob({ options: this.#options, map, spinsPerUs: 0, commandsMax });
    const variant = { technique: 'p-smr', durability: 'memory', streams } as const;
    this.#load = new ClientFed(variant, job, { replicas: [url] }, clients);
    await this.#load.prepare();
  }

  /** Commands per second. */
  async run(seconds: number): Promise<number> {
    if (this.#load === null) throw new Error('broken invariant: start comes first');
    const sample = await this.#load.run(seconds);
    return sample.commands / sample.seconds;
  }

  async stop(): Promise<void> {
    await this.#load?.stop();
    await endProgram(this.#server);
  }
}
