/** Servers of Redis on this machine, started for the comparison, and its own load generator. */
import { freePort } from './free-port.js';
import { endProgram, lineOf, outputOf, startProgram } from './child.js';
import type { Resources } from './resources.js';

const MISSING = 'redis-server and redis-benchmark are needed for this comparison: apt-get install redis-server';
const LINE = /^"(?<test>\w+)",(?<numbers>.*)$/;

export interface RedisLoad {
  readonly port: number;
  readonly tests: 'set' | 'set,get';
  readonly connections: number;
  /** Commands that a connection sends at once, and awaits. */
  readonly pipeline: number;
  readonly keys: number;
  /** Of each test. */
  readonly requests: number;
}

/** What redis-benchmark tells of one test. */
export interface RedisFigures {
  readonly commandsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** With `options` besides its address, which is returned: it takes commands. */
export async function startRedis(resources: Resources, options: readonly string[]): Promise<number> {
  const port = await freePort();
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', ...options];
  const server = await startProgram('redis-server', args, MISSING);
  resources.onClose(() => endProgram(server));
  await lineOf(server, (line) => line.includes('eady to accept connections'));
  return port;
}

/** What it keeps is lost with it. */
export const IN_MEMORY = ['--appendonly', 'no'];

/** Every write is on disk before its answer. */
export function syncedTo(directory: string): string[] {
  return ['--dir', directory, '--appendonly', 'yes', '--appendfsync', 'always'];
}

/** redis-benchmark with 32-byte values; resolves with its CSV. */
export async function runRedisBenchmark(load: RedisLoad): Promise<string> {
  const { port, tests, connections, pipeline, keys, requests } = load;
  const sizes = ['-P', pipeline, '-c', connections, '-d', 32, '-r', keys, '-n', requests];
  const args = ['-p', port, '-t', tests, ...sizes, '--csv'].map(String);
  return outputOf(await startProgram('redis-benchmark', args, MISSING));
}

/** A line is `"SET","651465.75","7.181",...`: rate, mean, minimum, p50, p95, p99, maximum. */
export function redisFiguresOf(csv: string, test: string): RedisFigures {
  const lines = csv.split('\n').map((line) => LINE.exec(line)?.groups);
  const told = lines.find((line) => line?.['test'] === test)?.['numbers']?.split(',') ?? [];
  const [commandsPerSecond = 0, , , p50Ms = 0, , p99Ms = 0] = told.map((cell) => Number(cell.replaceAll('"', '')));
  if (Number.isFinite(commandsPerSecond) && commandsPerSecond > 0) return { commandsPerSecond, p50Ms, p99Ms };
  throw new Error(`redis-benchmark told no rate of ${test}:\n${csv}`);
}
