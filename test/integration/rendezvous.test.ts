import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Engine, type BatchCommand, type Client } from 'psmr';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { PartitionMap } from '../../src/classifier/partition-map.js';
import { seededRandom } from '../seeded-random.js';
import { serviceUrl } from './compiled.js';
import type money from './services/money.js';
import { MONEY_AT_FIRST } from './services/money.js';
import { startEngine, temporaryDirectory } from './temporary.js';

const SEED = Number(process.env['RENDEZVOUS_SEED'] ?? randomInt(2 ** 31));
const COMMANDS = Number(process.env['RENDEZVOUS_COMMANDS'] ?? 20_000);

const STREAMS = 8;
const KEYS_PER_STREAM = 3;
const CLIENTS = 4;
/** A client has this many batches under way. */
const BATCHES = 3;
const BURSTS_MAX = 8;
const BURST_MAX = 50;

type Money = Client<typeof money>;
type Command = BatchCommand<typeof money>;

/** `keys[i]`: some keys of stream i + 1. */
function keysByStream(): string[][] {
  const map = PartitionMap.fromJson(createPartitionMap({ streams: STREAMS }).toJson());
  const keys: string[][] = Array.from({ length: STREAMS }, () => []);
  for (let at = 0; keys.some((some) => some.length < KEYS_PER_STREAM); at++) {
    const some = keys[map.streamOf(`key/${at}`) - 1];
    if (some !== undefined && some.length < KEYS_PER_STREAM) some.push(`key/${at}`);
  }
  return keys;
}

const KEYS = keysByStream();
const ALL = KEYS.flat();
const TOTAL = ALL.length * MONEY_AT_FIRST;

/** What keys must hold at the end, whatever the order was. */
class Expected {
  readonly added = new Map<string, number>(ALL.map((key) => [key, 0]));
  readonly touched = new Map<string, number>(ALL.map((key) => [key, 0]));
  swept = 0;

  note([name, args]: Command): void {
    if (name === 'add') {
      this.added.set(args.key, (this.added.get(args.key) ?? 0) + args.by);
      this.#touch(args.key);
    }
    if (name === 'pass') args.keys.forEach((key) => this.#touch(key));
    if (name === 'sweep') this.swept++;
  }

  #touch(key: string): void {
    this.touched.set(key, (this.touched.get(key) ?? 0) + 1);
  }
}

/** One client's commands: what they are depends on the seed alone, in which order streams come to them does not. */
class Commands {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  batch(): Command[] {
    return Array.from({ length: 1 + this.#below(BURSTS_MAX) }, () => this.#burst()).flat();
  }

  /** Commands of the same kind; of several streams, of the same ones: those may share a rendezvous. */
  #burst(): Command[] {
    const kind = this.#random();
    if (kind < 0.03) return [['sweep', { nth: this.#below(2 ** 30) }]];
    const streams = this.#subset();
    if (kind < 0.1)
      return [['sum', { keys: this.#random() < 0.5 ? ALL : streams.map((stream) => this.#keyOf(stream)) }]];
    return Array.from({ length: 1 + this.#below(BURST_MAX) }, (): Command => {
      if (kind < 0.65) return ['add', { key: this.#keyOf(this.#below(STREAMS)), by: this.#below(100) }];
      return ['pass', { keys: streams.map((stream) => this.#keyOf(stream)), nth: this.#below(2 ** 30) }];
    });
  }

  /** 2 to all streams, in any order. */
  #subset(): number[] {
    const streams = Array.from({ length: STREAMS }, (_, at) => at);
    const count = 2 + this.#below(STREAMS - 1);
    return Array.from({ length: count }, () => streams.splice(this.#below(streams.length), 1)[0] ?? 0);
  }

  #keyOf(stream: number): string {
    return KEYS[stream]?.[this.#below(KEYS_PER_STREAM)] ?? '';
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }
}

/** Sends a client's share, some batches at a time; what sees all keys at once must see all the money. */
async function run(client: Money, commands: Commands, expected: Expected): Promise<void> {
  let left = COMMANDS / CLIENTS;
  const lane = async (): Promise<void> => {
    while (left > 0) {
      const batch = commands.batch();
      left -= batch.length;
      batch.forEach((command) => expected.note(command));
      const outcomes = await client.executeBatch(batch);
      outcomes.forEach((outcome, at) => {
        if (!outcome.ok) throw outcome.error;
        const [name, args] = batch[at] ?? ['dump'];
        const seesAll = name === 'sweep' || (name === 'sum' && args.keys === ALL);
        if (seesAll && outcome.value !== TOTAL)
          throw new Error(`${name} saw ${JSON.stringify(outcome.value)} of ${TOTAL}`);
      });
    }
  };
  await Promise.all(Array.from({ length: BATCHES }, lane));
}

describe(`commands of random streams, all at once (replay with RENDEZVOUS_SEED=${SEED})`, () => {
  it('each take place once, at all their streams in one order, and again in that order after restarts', async () => {
    const options = {
      service: serviceUrl('money'),
      streams: STREAMS,
      dataDir: temporaryDirectory(),
      durability: 'async',
      checkpoint: { everyBytes: null },
    } as const;
    const expected = new Expected();
    const engine = await startEngine(options);
    const first = engine.client<typeof money>();
    const begin = ALL.map((key): Command => ['add', { key, by: 0 }]);
    begin.forEach((command) => expected.note(command));
    await first.executeBatch(begin);
    const clients = Array.from({ length: CLIENTS }, () => engine.client<typeof money>());
    await Promise.all(clients.map((client, nth) => run(client, new Commands(SEED + nth), expected)));
    const state = await first.execute('dump');
    await engine.stop();

    const held = new Map(state);
    for (const key of ALL) {
      const wanted = { added: expected.added.get(key), touched: expected.touched.get(key), swept: expected.swept };
      expect(held.get(key), key).toMatchObject(wanted);
    }
    expect(held.size).toBe(ALL.length);
    expect(state.reduce((sum, [, { money }]) => sum + money, 0)).toBe(TOTAL);
    for (let replay = 0; replay < 2; replay++) {
      const again = await Engine.start(options);
      expect(await again.client<typeof money>().execute('dump'), `replay ${replay}`).toEqual(state);
      await again.stop();
    }
  }, 180_000);
});
