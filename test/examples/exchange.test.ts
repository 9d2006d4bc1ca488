import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { FeedCommand } from 'psmr';
import { describe, expect, it } from 'vitest';
import type { Check } from '../../examples/exchange/check.js';
import { generateRecording } from '../../examples/exchange/generated.js';
import { MAKER, parseRecording, TAKER, type Replay } from '../../examples/exchange/recording.js';
import type { BasketResult, OrderResult } from '../../examples/exchange/service.js';
import { ExchangeModel } from './exchange-model.js';
import { fedService, type Result } from './fed-service.js';

const RECORDING = process.env['PSMR_ORDERS'] ?? '../shared/data/orders-aapl.csv';
const RECORDED_LINES = Number(process.env['EXAMPLE_LINES'] ?? 10_000);
const RUNS = Number(process.env['EXAMPLE_RUNS'] ?? 40);
/** Each run leaves its books, and each check looks at all of them. */
const TIMEOUT_MS = 60_000 + RUNS * 1000;
const ACCOUNTS = ['anna', 'bert', 'carl'];
const SYMBOLS = ['X', 'Y', 'Z'];
const LIMIT = 450;

const account = fc.constantFrom(...ACCOUNTS);
const symbol = fc.constantFrom(...SYMBOLS);
const side = fc.constantFrom('buy', 'sell');
const size = fc.integer({ min: 1, max: 9 });
const price = fc.integer({ min: 8, max: 12 });
const id = fc.nat({ max: 2 }).map(String);
const leg = fc.record(
  { symbol, id, side, size: fc.integer({ min: 1, max: 4 }), price },
  { requiredKeys: ['symbol', 'id', 'side', 'size'] },
);
const act = fc.oneof(
  {
    weight: 7,
    arbitrary: fc.record(
      { name: fc.constant('order'), account, symbol, id, side, size, price },
      { requiredKeys: ['name', 'account', 'symbol', 'id', 'side', 'size'] },
    ),
  },
  {
    weight: 3,
    // Of an order that came so many orders before, in this run.
    arbitrary: fc.record(
      { name: fc.constant('cancel'), before: fc.nat({ max: 9 }), size },
      { requiredKeys: ['name', 'before'] },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({ name: fc.constant('basket'), account, legs: fc.array(leg, { minLength: 1, maxLength: 3 }) }),
  },
  fc.record(
    {
      name: fc.constant('allot'),
      account,
      limit: fc.integer({ min: LIMIT - 100, max: LIMIT + 100 }),
      to: fc.array(fc.record({ symbol, amount: fc.integer({ min: -60, max: 60 }) }), { maxLength: 2 }),
    },
    { requiredKeys: ['name', 'account', 'to'] },
  ),
);

function valueOf(result: Result | undefined): unknown {
  return result?.ok === true ? result.value : 'error';
}

/** An act with the names of this run, whose limit orders are collected. */
function named(
  run: number,
  orders: object[],
  { name, ...args }: { name: string } & Record<string, unknown>,
): FeedCommand {
  const own = (each: object): object => {
    const entries = Object.entries(each).map(([field, value]): [string, unknown] => {
      if (field === 'account' || field === 'symbol') return [field, `${String(value)}-${run}`];
      return [field, Array.isArray(value) ? value.map((item: object) => own(item)) : value];
    });
    return Object.fromEntries(entries);
  };
  if (name !== 'cancel') {
    const mine = own(args);
    if ('price' in mine) orders.push(mine);
    return [name, mine];
  }
  const { before, ...size } = args;
  const order = orders.at(-1 - Number(before)) ?? { account: 'a', symbol: 's', id: '0', side: 'buy', price: 1 };
  return ['cancel', { ...order, size: undefined, ...size }];
}

/** What became of a command, in words. */
function kindOf([name, args]: FeedCommand, result: unknown): string {
  if (typeof result === 'number') {
    const whole = result === 0 ? 'nothing' : 'all';
    return `${name} ${(args as { size?: number }).size === undefined ? whole : 'part'}`;
  }
  const { refused = null, filled = 1 } = result as Partial<OrderResult>;
  return `${name} ${refused ?? (filled > 0 ? 'filled' : 'resting')}`;
}

/** Shares that came in, less those that left: by trades (each takes one of either side), cancels, and at once. */
class Shares {
  #resting = 0;

  count([name, args]: FeedCommand, result: unknown): void {
    if (name === 'cancel') this.#resting -= Number(result);
    if (name === 'order') this.#order(args as { price?: number; size: number }, result as OrderResult);
    if (name !== 'basket') return;
    const { legs } = args as { legs: { price?: number; size: number }[] };
    for (const [at, each] of (result as BasketResult).results.entries()) this.#order(legs[at] ?? { size: NaN }, each);
  }

  get resting(): number {
    return this.#resting;
  }

  #order(order: { price?: number; size: number }, { refused, filled, resting, fills }: OrderResult): void {
    if (refused !== null) return;
    const dropped = order.price === undefined ? order.size - filled : 0;
    expect(filled + resting + dropped).toBe(order.size);
    this.#resting += resting - fills.reduce((sum, fill) => sum + fill.size, 0);
  }
}

describe('the exchange', () => {
  const { execute, value } = fedService('exchange/service');

  it(
    'does what a plain list of orders does, loses no share, and its books are in order after every batch',
    async () => {
      let run = 0;
      const seen = new Map<string, number>();
      const property = fc.asyncProperty(
        fc.array(fc.array(act, { maxLength: 30 }), { maxLength: 4 }),
        async (batches) => {
          run++;
          const model = new ExchangeModel();
          const shares = new Shares();
          const orders: object[] = [];
          const to = SYMBOLS.map((each) => ({ symbol: each, amount: LIMIT / SYMBOLS.length }));
          const opening = ACCOUNTS.map((each) => ({ name: 'allot', account: each, limit: LIMIT, to }));
          for (const acts of [opening, ...batches]) {
            const commands = acts.map((each) => named(run, orders, each));
            const results = (await execute([...commands, ['check']])).map(valueOf);
            expect(results.pop()).toMatchObject({ problems: [] });
            expect(results).toEqual(commands.map((command) => model.execute(command)));
            for (const [at, command] of commands.entries()) {
              shares.count(command, results[at]);
              const kind = kindOf(command, results[at]);
              seen.set(kind, (seen.get(kind) ?? 0) + 1);
            }
          }
          const books = SYMBOLS.map((each) => `${each}-${run}`);
          const depths = (await execute(books.map((book) => ['depth', { symbol: book }]))).map(valueOf);
          expect(depths).toEqual(books.map((book) => model.depth(book)));
          const rests = books.flatMap((book) => Object.values(model.depth(book)).flat());
          expect(shares.resting).toBe(rests.reduce((sum, [, left]) => sum + left, 0));
          const pairs = books.flatMap((book) => ACCOUNTS.map((each) => ({ account: `${each}-${run}`, symbol: book })));
          const standings = (await execute(pairs.map((pair) => ['standing', pair]))).map(valueOf);
          expect(standings).toEqual(pairs.map((pair) => model.standing(pair.account, pair.symbol)));
        },
      );
      // The runs must have something to tell: what is rare may take more of them than were asked for.
      const due = ['order risk', 'order filled', 'basket filled', 'basket unfilled', 'cancel part', 'cancel all'];
      const missing = (): string[] => due.filter((kind) => !seen.has(kind));
      const seed = Number(process.env['FAST_CHECK_SEED']);
      for (let turn = 0; turn === 0 || (turn < 10 && missing().length > 0); turn++)
        await fc.assert(property, { numRuns: RUNS, seed: seed + turn });
      expect(missing()).toEqual([]);
    },
    TIMEOUT_MS,
  );

  const allotment = (book: string, names: readonly string[], amount: number): FeedCommand[] =>
    names.map((each) => ['allot', { account: each, limit: amount, to: [{ symbol: book, amount }] }]);

  it('fills the best price first, at one price who came first; a part that is cancelled costs no place', async () => {
    const order = (name: string, args: object): FeedCommand => [
      'order',
      { symbol: 'P', account: name, size: 5, ...args },
    ];
    const results = await execute([
      ...allotment('P', ['first', 'second', 'better', 'taker'], 1000),
      order('first', { id: '1', side: 'sell', price: 10 }),
      order('second', { id: '2', side: 'sell', price: 10 }),
      order('better', { id: '3', side: 'sell', price: 9 }),
      ['cancel', { symbol: 'P', account: 'first', id: '1', side: 'sell', price: 10, size: 2 }],
      order('taker', { id: '4', side: 'buy', size: 9 }),
    ]);
    expect(valueOf(results.at(-1))).toMatchObject({
      refused: null,
      fills: [
        { account: 'better', price: 9, size: 5 },
        { account: 'first', price: 10, size: 3 },
        { account: 'second', price: 10, size: 1 },
      ],
    });
  });

  it('refuses an order beyond what the symbol has of the limit, however free the rest of it is', async () => {
    const results = await execute([
      ['allot', { account: 'risky', limit: 1000, to: [{ symbol: 'R', amount: 100 }] }],
      ['order', { symbol: 'R', account: 'risky', id: '1', side: 'buy', size: 10, price: 10 }],
      ['order', { symbol: 'R', account: 'risky', id: '2', side: 'buy', size: 1, price: 1 }],
      ['allot', { account: 'risky', to: [{ symbol: 'R', amount: 900 }] }],
      ['order', { symbol: 'R', account: 'risky', id: '2', side: 'buy', size: 1, price: 1 }],
      ['allot', { account: 'risky', to: [{ symbol: 'R', amount: -900 }] }],
      ['allot', { account: 'risky', to: [{ symbol: 'Q', amount: 1 }] }],
    ]);
    expect(
      results.map((each) => (each.ok ? ((each.value as Partial<OrderResult>).refused ?? null) : each.error)),
    ).toEqual([
      ...[null, null, 'risk', null, null],
      'risky has too much at stake in R',
      'symbols have 1 more than the limit of risky, 1000',
    ]);
  });

  it('refuses an order that has the name, side and price of one that rests', async () => {
    const order = { symbol: 'D', account: 'twice', id: '1', side: 'buy', size: 1, price: 1 };
    const results = await execute([
      ...allotment('D', ['twice'], 100),
      ['order', order],
      ['order', order],
      ['order', { ...order, price: 2 }],
    ]);
    expect(results.slice(1).map((each) => (valueOf(each) as OrderResult).refused)).toEqual([null, 'duplicate', null]);
  });

  it.each([
    ['a size of 0', { size: 0 }],
    ['half a share', { size: 1.5 }],
    ['a price below 1', { price: 0 }],
    ['a name with a separator', { id: 'a;b' }],
    ['a third side', { side: 'hold' }],
  ])('%s is an error', async (_, wrong) => {
    const order = { symbol: 'W', account: 'w', id: '1', side: 'buy', size: 1, price: 1, ...wrong };
    expect((await execute([['order', order]]))[0]).toMatchObject({ ok: false });
  });

  /** Feeds a recording as the orders of a symbol of its own, and compares all that it proves. */
  async function replays({ symbol: book, commands, depth }: Replay): Promise<void> {
    const limit = Number.MAX_SAFE_INTEGER;
    await execute([MAKER, TAKER].map((each) => ['allot', { account: each, limit, to: [] }]));
    const amount = 2 ** 45;
    await execute([MAKER, TAKER].map((each) => ['allot', { account: each, to: [{ symbol: book, amount }] }]));
    const results = await execute(commands.map(({ command }) => command));
    const found = results.map((each) => {
      const result = valueOf(each) as OrderResult | number;
      return typeof result === 'number' ? result : result.fills;
    });
    expect(found).toEqual(commands.map(({ expected }) => expected));
    const { buy, sell } = await value<{ buy: unknown; sell: unknown }>('depth', { symbol: book });
    expect({ buy, sell }).toEqual({ buy: depth.buy.slice(0, 100), sell: depth.sell.slice(0, 100) });
    expect((await value<Check>('check')).problems).toEqual([]);
  }

  it('trades as a generated recording says', async () => {
    const recording = parseRecording(generateRecording(5000), 'MADE');
    expect(
      recording.commands.filter(({ expected }) => Array.isArray(expected) && expected.length > 0).length,
    ).toBeGreaterThan(500);
    await replays(recording);
  });

  it.skipIf(!existsSync(RECORDING))(`trades as the recording ${RECORDING} says`, async () => {
    const lines = readFileSync(RECORDING, 'utf8').split('\n', RECORDED_LINES);
    await replays(parseRecording(lines.join('\n'), 'AAPL'));
  });
});

describe('a recording', () => {
  it.each(['34200.1,1,5,10', '34200.1,9,5,10,100,1', '34200.1,1,x,10,100,1'])('%s is none, in line 2', (line) => {
    expect(() => parseRecording(`34200,1,1,10,100,1\n${line}\n`, 'S')).toThrow('line 2 ');
  });

  it('knows orders that are older than itself by what becomes of them', () => {
    const { commands, older, depth } = parseRecording('1,4,7,3,100,1\n2,2,7,2,100,1\n3,1,9,5,101,-1\n', 'S');
    expect(older).toBe(1);
    expect(commands[0]?.command).toMatchObject(['order', { id: '7', side: 'buy', size: 5, price: 100 }]);
    expect(commands[1]?.expected).toEqual([{ account: MAKER, id: '7', price: 100, size: 3 }]);
    expect(depth).toEqual({ buy: [], sell: [[101, 5]] });
  });
});
