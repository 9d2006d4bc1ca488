import { randomInt } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random.js';
import { Child } from './child.js';
import { serviceUrl } from './compiled.js';
import { checkLedger, type Dump } from './ledger-check.js';
import type { LedgerOptions } from './programs/ledger-clients.js';
import { temporaryDirectory } from './temporary.js';

const SEED = Number(process.env['KILL_SEED'] ?? randomInt(2 ** 31));

interface Round {
  /** Null: killed before recovery had ended. */
  readonly found: Dump | null;
  readonly acknowledged: readonly string[];
}

/** Lets the program run for a random while, kills it, and returns all that it said. */
async function runAndKill(options: LedgerOptions, random: () => number): Promise<Round> {
  const child = new Child('ledger-clients', options);
  const early = random() < 0.25;
  if (early) await sleep(200 + 600 * random()).then(() => child.kill());
  const first = await child.line();
  const recovered = first !== null && (await child.line()) === 'found';
  if (!early && !recovered) {
    const end = first === null ? JSON.stringify(await child.exited) : `said ${first.slice(-200)}`;
    throw new Error(`it was not killed and did not recover: ${end}`);
  }
  const killed = sleep(early ? 0 : 100 + 1200 * random()).then(() => child.kill());
  const acknowledged: string[] = [];
  for (let line = await child.line(); line !== null; line = await child.line()) {
    const [, id] = line.split(' ');
    if (id !== undefined) acknowledged.push(id);
  }
  await killed;
  expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  return { found: recovered ? (JSON.parse(first) as Dump) : null, acknowledged };
}

/** Kills after kills on one directory, with a look at the state at every start; returns how much was acknowledged. */
async function killLoop(rounds: number, durability: 'sync' | 'async', streams: number): Promise<number> {
  const random = seededRandom(SEED);
  const service = serviceUrl('ledger').href;
  const dataDir = temporaryDirectory();
  const acknowledged: string[] = [];
  for (let round = 0; round < rounds; round++) {
    const last = round === rounds - 1;
    const { found, acknowledged: more } = await runAndKill(
      { service, dataDir, durability, streams, round },
      last ? () => 0.9 : random,
    );
    if (found !== null) checkLedger(found, durability === 'sync' ? acknowledged : []);
    acknowledged.push(...more);
  }
  return acknowledged.length;
}

describe(`kill -9 at any moment (replay with KILL_SEED=${SEED})`, () => {
  it('loses no acknowledged command, doubles none, and leaves none in some of its streams only', async () => {
    const acknowledged = await killLoop(8, 'sync', 3);
    expect(acknowledged).toBeGreaterThan(100);
  });

  it('leaves whole commands only, where a reply does not wait for the disk', async () => {
    const acknowledged = await killLoop(4, 'async', 2);
    expect(acknowledged).toBeGreaterThan(100);
  });
});
