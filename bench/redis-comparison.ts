/**
 * Light kv over WebSocket against Redis with its own load generator: both servers in processes of their own on this
 * machine, 100,000 keys, 32-byte values, half reads and half writes, pipelined, taking turns in one run.
 *
 *   npm run bench:redis -- [--rounds 5] [--seconds 2] [--clients 1] [--batch 250] [--outstanding 5000]
 */
import { spreadOf, type Spread } from './measure/spread.js';
import { parseBenchOptions } from './options/bench-options.js';
import { runComparison } from './peers/comparison-command.js';
import { startKvLoad, STREAMS } from './peers/kv-load.js';
import { IN_MEMORY, redisFiguresOf, runRedisBenchmark, startRedis } from './peers/redis-server.js';
import { Resources } from './peers/resources.js';
import { startServedKv } from './peers/served-kv.js';
import { ratioOf, takeTurns } from './measure/turns.js';
import { rateOf } from './techniques/technique.js';

/** Enough for compilers and caches to settle; its rate says how many requests a round of Redis has. */
const WARMUP_REQUESTS = 200_000;
const DEFAULTS = {
  feed: 'clients',
  keys: 100_000,
  clients: 2,
  batch: 1000,
  outstanding: 16_000,
  seconds: 2,
  rounds: 5,
};

async function compare(values: Record<string, unknown>, resources: Resources): Promise<string> {
  const options = parseBenchOptions({ ...DEFAULTS, ...values });
  const { rounds, seconds, keys, clients } = options;
  const port = await startRedis(resources, IN_MEMORY);
  const redis = async (requests: number): Promise<number> => {
    const load = { port, tests: 'set,get', connections: 50, pipeline: 100, keys, requests } as const;
    const csv = await runRedisBenchmark(load);
    // Equally many of both.
    return 2 / (1 / redisFiguresOf(csv, 'SET').commandsPerSecond + 1 / redisFiguresOf(csv, 'GET').commandsPerSecond);
  };
  const url = await startServedKv(resources, STREAMS, null);
  const load = await startKvLoad({ options, resources }, [url], { mix: 'a' }, clients);
  const psmr = async (): Promise<number> => rateOf(await load.run(seconds));
  const requestsEach = Math.ceil(((await redis(WARMUP_REQUESTS)) * seconds) / 2);
  await psmr();
  const contenders = { psmr, redis: () => redis(requestsEach) };
  const turns = await takeTurns(contenders, rounds, (line) => process.stderr.write(`${line}\n`));
  return [
    `psmr   ${spreadText(spreadOf(turns.psmr), whole)} commands/s, ${STREAMS} streams over WebSocket`,
    `redis  ${spreadText(spreadOf(turns.redis), whole)} commands/s, redis-benchmark -t set,get -P 100 -c 50 -d 32`,
    `ratio  ${spreadText(ratioOf(turns.psmr, turns.redis), (value) => value.toFixed(2))}`,
    '',
  ].join('\n');
}

function spreadText({ median, min, max }: Spread, text: (value: number) => string): string {
  return `${text(median)} (${text(min)} - ${text(max)})`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

await runComparison({
  name: 'bench:redis',
  description: 'Light kv commands over WebSocket against Redis in memory with its own load generator.',
  flags: [
    ['--rounds <n>', 'contenders take turns in each (default: 5)'],
    ['--seconds <s>', 'measured time per contender and round (default: 2)'],
    ['--clients <n>', 'of psmr, a thread each (default: 2)'],
    ['--batch <n>', "commands of a client's call (default: 1000)"],
    ['--outstanding <n>', 'unanswered commands per client (default: 16000)'],
  ],
  examples: ['--rounds 7 --seconds 1.5'],
  run: async (values, interrupted) => {
    const resources = new Resources(null);
    try {
      process.stdout.write(await Promise.race([compare(values, resources), interrupted]));
    } finally {
      await resources.close();
    }
  },
});
