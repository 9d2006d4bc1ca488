import { createServer } from 'node:net';
import { once } from 'node:events';
import { endProgram, lineOf, outputOf, startProgram, type OutputChild } from './child.js';

export const MISSING = 'redis-server and redis-benchmark are needed for this comparison: apt-get install redis-server';
/** As the comparison is defined: 32-byte values, 100,000 keys, 50 connections with 100 commands each in flight. */
const LOAD = ['-t', 'set,get', '-P', '100', '-c', '50', '-d', '32', '-r', '100000', '--csv'];

/** A Redis server of this benchmark's own, in memory, and its own load generator. */
export class Redis {
  #server: OutputChild | null = null;
  #port = 0;

  async start(): Promise<void> {
    this.#port = await freePort();
    const options = ['--port', String(this.#port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'];
    this.#server = await startProgram('redis-server', options, MISSING);
    await lineOf(this.#server, (line) => line.includes('eady to accept connections'));
  }

  /** Commands per second of equally many sets and gets. */
  async run(requestsEach: number): Promise<number> {
    const args = ['-p', String(this.#port), '-n', String(requestsEach), ...LOAD];
    const output = await outputOf(await startProgram('redis-benchmark', args, MISSING));
    const set = rateIn(output, 'SET');
    const get = rateIn(output, 'GET');
    return 2 / (1 / set + 1 / get);
  }

  stop(): Promise<void> {
    return endProgram(this.#server);
  }
}

/** A line is `"SET","651465.75","7.181",...`. */
export function rateIn(csv: string, test: string): number {
  const line = csv.split('\n').find((each) => each.startsWith(`"${test}",`));
  const rate = Number(line?.split(',')[1]?.replaceAll('"', ''));
  if (Number.isFinite(rate) && rate > 0) return rate;
  throw new Error(`redis-benchmark told no rate of ${test}:\n${csv}`);
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (typeof address !== 'object' || address === null) throw new Error('broken invariant: a port has no number');
  return address.port;
}
