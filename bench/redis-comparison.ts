/**
 * Light kv over WebSocket against Redis with its own load generator: both servers in processes of their own on this
 * machine, 100,000 keys, 32-byte values, half reads and half writes, pipelined, taking turns in one run.
 *
 *   npm run bench:redis -- [--rounds 5] [--seconds 2] [--clients 1] [--batch 250] [--outstanding 5000]
 */
import { Command } from 'commander';
import { messageOf } from '../src/errors.js';
import { spreadOf, type Spread } from './measure/spread.js';
import { parseBenchOptions } from './options/bench-options.js';
import { Redis } from './redis/redis.js';
import { ServedKv } from './redis/served-kv.js';

/** Enough for compilers and caches to settle; its rate says how many requests a round of Redis has. */
const WARMUP_REQUESTS = 200_000;
const CONDITIONS = { mix: 'a', feed: 'clients', keys: 100_000, streams: 2, clients: 2, technique: 'p-smr' };

interface Round {
  readonly psmr: number;
  readonly redis: number;
}

async function compare(rounds: number, seconds: number, psmr: ServedKv, redis: Redis): Promise<Round[]> {
  await redis.start();
  await psmr.start();
  const requestsEach = Math.ceil(((await redis.run(WARMUP_REQUESTS)) * seconds) / 2);
  await psmr.run(seconds);
  const results: Round[] = [];
  for (let number = 1; number <= rounds; number++) {
    const round = { psmr: await psmr.run(seconds), redis: await redis.run(requestsEach) };
    results.push(round);
    process.stderr.write(`round ${number} of ${rounds}: psmr ${whole(round.psmr)}/s, redis ${whole(round.redis)}/s\n`);
  }
  return results;
}

function report(rounds: readonly Round[]): string {
  const psmr = spreadOf(rounds.map((round) => round.psmr));
  const redis = spreadOf(rounds.map((round) => round.redis));
  const ratio = spreadOf(rounds.map((round) => round.psmr / round.redis));
  return [
    `psmr   ${spreadText(psmr, whole)} commands/s, 2 streams over WebSocket`,
    `redis  ${spreadText(redis, whole)} commands/s, redis-benchmark -t set,get -P 100 -c 50 -d 32 -r 100000`,
    `ratio  ${spreadText(ratio, (value) => value.toFixed(2))}`,
    '',
  ].join('\n');
}

function spreadText({ median, min, max }: Spread, text: (value: number) => string): string {
  return `${text(median)} (${text(min)} - ${text(max)})`;
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

async function main(values: Record<string, unknown>): Promise<void> {
  const options = parseBenchOptions({
    ...CONDITIONS,
    batch: 1000,
    outstanding: 16_000,
    seconds: 2,
    rounds: 5,
    ...values,
  });
  const psmr = new ServedKv(options);
  const redis = new Redis();
  try {
    process.stdout.write(report(await compare(options.rounds, options.seconds, psmr, redis)));
  } finally {
    await Promise.all([psmr.stop(), redis.stop()]);
  }
}

const command = new Command('bench:redis')
  .option('--rounds <n>')
  .option('--seconds <s>')
  .option('--clients <n>')
  .option('--batch <n>')
  .option('--outstanding <n>')
  .action(main);
await command.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`);
  process.exitCode = 1;
});
