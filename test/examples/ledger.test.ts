import fc from 'fast-check';
import { Engine, type Client, type FeedCommand } from 'psmr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Audit } from '../../examples/ledger/audit.js';
import type ledger from '../../examples/ledger/service.js';
import { exampleUrl, fedService } from './fed-service.js';

interface ModelAccount {
  currency: string;
  free: number;
  holds: Map<string, number>;
}

interface ModelArguments {
  account: string;
  to?: string;
  amount?: number;
  hold?: string;
  currency?: string;
  legs?: { account: string; amount: number }[];
}

/** The ledger once more, in the plainest form: free money and held money, moved step by step. */
class LedgerModel {
  readonly accounts = new Map<string, ModelAccount>();

  /** The result, or 'error'; an error changes nothing. */
  execute([name, args]: FeedCommand): unknown {
    const before = structuredClone(this.accounts);
    const result = this.#run(name, args as ModelArguments);
    if (result === 'error') {
      this.accounts.clear();
      for (const [account, value] of before) this.accounts.set(account, value);
    }
    return result;
  }

  #run(name: string, args: ModelArguments): unknown {
    const { account: id, hold = '', amount = 0 } = args;
    if (name === 'transfer') return this.#transfer(args.legs ?? []);
    const account = this.accounts.get(id);
    if (name === 'open') {
      if (account !== undefined) return 'error';
      this.accounts.set(id, { currency: args.currency ?? '', free: 0, holds: new Map() });
      return undefined;
    }
    if (account === undefined) return 'error';
    const held = account.holds.get(hold);
    switch (name) {
      case 'deposit':
        account.free += amount;
        return balanceOf(account);
      case 'withdraw':
        account.free -= amount;
        return account.free < 0 ? 'error' : balanceOf(account);
      case 'reserve':
        if (held !== undefined || account.free < amount) return 'error';
        account.free -= amount;
        account.holds.set(hold, amount);
        return undefined;
      case 'release':
        if (held === undefined) return 'error';
        account.holds.delete(hold);
        account.free += held;
        return held;
      default: {
        const to = this.accounts.get(args.to ?? '');
        const paid = args.amount ?? held ?? 0;
        if (held === undefined || to?.currency !== account.currency || held < paid) return 'error';
        account.holds.delete(hold);
        account.free += held - paid;
        to.free += paid;
        return paid;
      }
    }
  }

  #transfer(legs: { account: string; amount: number }[]): unknown {
    const sums: Record<string, number> = {};
    for (const leg of legs) {
      const account = this.accounts.get(leg.account);
      if (account === undefined || leg.amount === 0) return 'error';
      account.free += leg.amount;
      if (leg.amount < 0 && account.free < 0) return 'error';
      sums[account.currency] = (sums[account.currency] ?? 0) + leg.amount;
    }
    return Object.values(sums).every((sum) => sum === 0) && legs.length > 1 ? undefined : 'error';
  }
}

function balanceOf({ free, holds }: ModelAccount): number {
  return [...holds.values()].reduce((sum, amount) => sum + amount, free);
}

const ACCOUNTS = 5;
const number = fc.nat({ max: ACCOUNTS - 1 });
const amount = fc.integer({ min: 1, max: 50 });
const hold = fc.constantFrom('x', 'y');
/** Half of the transfers are between two, in equal amounts, and of the others few are right. */
const legs = fc.oneof(
  fc.tuple(number, number, amount).map(([from, to, sum]) => [
    { account: from, amount: -sum },
    { account: to, amount: sum },
  ]),
  fc.tuple(number, number, number, number, amount, amount).map(([a, b, c, d, x, y]) => [
    { account: a, amount: -x },
    { account: b, amount: -y },
    { account: c, amount: x },
    { account: d, amount: y },
  ]),
  fc.array(fc.record({ account: number, amount: fc.integer({ min: -3, max: 3 }) }), { maxLength: 4 }),
);
const act = fc.oneof(
  fc.record({ name: fc.constantFrom('deposit', 'withdraw'), account: number, amount }),
  fc.record({ name: fc.constant('transfer'), legs }),
  fc.record({ name: fc.constant('reserve'), account: number, hold, amount }),
  fc.record({ name: fc.constant('release'), account: number, hold }),
  fc.record(
    { name: fc.constant('capture'), account: number, hold, to: number, amount },
    { requiredKeys: ['name', 'account', 'hold', 'to'] },
  ),
);
const AUDITS_MIN = 3;
const RUNS = Number(process.env['EXAMPLE_RUNS'] ?? 40);

describe('the ledger', () => {
  const { execute, value } = fedService('ledger/service');

  async function open(prefix: string, currencies: readonly string[]): Promise<void> {
    await execute(currencies.map((currency, at) => ['open', { account: `${prefix}${at}`, currency }]));
  }

  it('does what a plain model does, and its books are in order after every batch', async () => {
    let run = 0;
    const property = fc.asyncProperty(fc.array(fc.array(act, { maxLength: 20 }), { maxLength: 4 }), async (batches) => {
      const prefix = `run${run++}/`;
      const model = new LedgerModel();
      const opened = Array.from({ length: ACCOUNTS }, (_, at): FeedCommand => [
        'open',
        { account: `${prefix}${at}`, currency: at < 3 ? 'EUR' : 'USD' },
      ]);
      const money = opened.map(([, args]): FeedCommand => ['deposit', { account: accountOf(args), amount: 40 }]);
      for (const batch of [[...opened, ...money], ...batches.map((acts) => acts.map((each) => named(prefix, each)))]) {
        const results = await execute([...batch, ['audit']]);
        const audit = results.pop();
        expect(results.map((result) => (result.ok ? result.value : 'error'))).toEqual(
          batch.map((command) => model.execute(command)),
        );
        expect(audit).toMatchObject({ ok: true, value: { problems: [] } });
      }
      const accounts = [...model.accounts].map(([account]) => account);
      const states = await execute(accounts.map((account) => ['account', { account }]));
      expect(states.map((state) => state.ok && state.value)).toEqual(
        [...model.accounts.values()].map((account) => ({
          currency: account.currency,
          balance: balanceOf(account),
          available: account.free,
          holds: [...account.holds].map(([id, held]) => ({ id, amount: held })),
        })),
      );
    });
    await fc.assert(property, { numRuns: RUNS });
  });

  it('refuses legs that do not sum to zero in each currency, and moves nothing', async () => {
    await open('fx/', ['EUR', 'EUR', 'USD']);
    await execute([['deposit', { account: 'fx/0', amount: 10 }]]);
    const [refused] = await execute([
      [
        'transfer',
        {
          legs: [
            { account: 'fx/0', amount: -10 },
            { account: 'fx/2', amount: 10 },
          ],
        },
      ],
    ]);
    expect(refused).toEqual({ ok: false, error: 'the legs in EUR sum to -10; they must sum to 0' });
    expect(await value('account', { account: 'fx/0' })).toMatchObject({ balance: 10 });
  });

  it('keeps held money from everything but its hold', async () => {
    await open('held/', ['EUR', 'EUR']);
    const results = await execute([
      ['deposit', { account: 'held/0', amount: 10 }],
      ['reserve', { account: 'held/0', hold: 'h', amount: 7 }],
      ['withdraw', { account: 'held/0', amount: 4 }],
      ['capture', { account: 'held/0', hold: 'h', to: 'held/1', amount: 5 }],
      ['withdraw', { account: 'held/0', amount: 5 }],
    ]);
    expect(results.map((result) => (result.ok ? result.value : result.error))).toEqual([
      10,
      undefined,
      'insufficient funds in held/0: 3 available, 4 needed',
      5,
      0,
    ]);
  });

  it.each([0, -1, 1.5, 2 ** 53, NaN])('an amount of %d is refused', async (wrong) => {
    const account = `wrong${wrong}/0`;
    await execute([['open', { account, currency: 'EUR' }]]);
    const [deposit] = await execute([['deposit', { account, amount: wrong }]]);
    expect(deposit).toMatchObject({ ok: false, error: expect.stringContaining('positive whole number') as string });
  });

  it('finds money that nobody paid in', async () => {
    const { mergeAudits } = await import('../../examples/ledger/audit.js');
    const part: Audit = { currencies: { EUR: { accounts: 1, balance: 5, held: 0, paidIn: 4 } }, problems: [] };
    expect(mergeAudits([part, part]).problems).toEqual(['8 EUR were paid in, but accounts own 10']);
  });
});

describe('money is conserved', () => {
  let engine: Engine | undefined;
  beforeAll(async () => {
    engine = await Engine.start({ service: exampleUrl('ledger/service'), streams: 3 });
  });
  afterAll(() => engine?.stop());

  it('in every audit while several clients move it', async () => {
    const clients = Array.from({ length: 3 }, () => engine?.client<typeof ledger>() as Client<typeof ledger>);
    const [client] = clients as [Client<typeof ledger>];
    const names = Array.from({ length: 20 }, (_, at) => `account${at}`);
    await client.executeBatch(names.map((account) => ['open', { account, currency: 'EUR' }] as const));
    await client.executeBatch(names.map((account) => ['deposit', { account, amount: 100 }] as const));
    const moved = new AbortController();
    const stopped = moved.signal;
    const movers = clients.map(async (mover, nth) => {
      for (let round = 0; round < 6; round++) {
        const transfers = Array.from({ length: 200 }, (_, at) => {
          const sum = 1 + ((at * 7 + nth) % 90);
          const [from, to] = [(at * 3 + nth) % 20, (at * 5 + round + 1) % 20];
          return [
            'transfer',
            {
              legs: [
                { account: `account${from}`, amount: -sum },
                { account: `account${to}`, amount: sum },
              ],
            },
          ] as const;
        });
        const outcomes = await mover.executeBatch(transfers);
        expect(outcomes.some((outcome) => outcome.ok)).toBe(true);
      }
    });
    const auditing = (async () => {
      let audits = 0;
      for (; audits < AUDITS_MIN || !stopped.aborted; audits++) {
        const { currencies, problems } = await client.execute('audit');
        expect(problems).toEqual([]);
        expect(currencies['EUR']).toMatchObject({ accounts: 20, balance: 2000, paidIn: 2000 });
      }
    })();
    await Promise.all(movers);
    moved.abort();
    await auditing;
  });
});

function accountOf(args: unknown): string {
  return (args as { account: string }).account;
}

/** An act with the accounts' numbers as names of this run. */
function named(prefix: string, { name, ...args }: { name: string } & Record<string, unknown>): FeedCommand {
  const nameOf = (at: unknown): string => `${prefix}${String(at)}`;
  const entries = Object.entries(args).map(([key, arg]) => {
    if (key === 'account' || key === 'to') return [key, nameOf(arg)];
    if (key !== 'legs') return [key, arg];
    return [key, (arg as { account: number }[]).map((leg) => ({ ...leg, account: nameOf(leg.account) }))];
  });
  return [name, Object.fromEntries(entries)];
}
