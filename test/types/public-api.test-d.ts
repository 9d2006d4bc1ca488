/** Compiled, not run: the public API as its users write it, and uses that must not compile. */
import { connect, defineService, Engine, everyKey, type Client, type CommandOutcome, type PsmrError } from 'psmr';
import { expectTypeOf } from 'vitest';

const sumOf = (entries: Iterable<[string, number]>): number => [...entries].reduce((sum, [, value]) => sum + value, 0);

/* eslint-disable @typescript-eslint/restrict-plus-operands, @typescript-eslint/no-unsafe-assignment,
   @typescript-eslint/no-unsafe-return -- users need not state the types of what they store */
const bank = defineService({
  name: 'bank',
  commands: {
    deposit: {
      keys: (a: { account: string; amount: number }) => [a.account],
      execute(state, a) {
        const b = (state.get(a.account) ?? 0) + a.amount;
        state.set(a.account, b);
        return b;
      },
    },
    transfer: {
      keys: (a: { from: string; to: string; amount: number }) => [a.from, a.to],
      execute(state, a, ctx) {
        if ((state.get<number>(a.from) ?? 0) < a.amount) throw new Error(`too little in ${a.from} at ${ctx.now}`);
        return ctx.commandId;
      },
    },
    balance: {
      keys: (a: { account: string }) => [a.account],
      readOnly: true,
      execute: (state, a) => state.get(a.account) ?? 0,
    },
    holders: {
      keys: (a: { accounts: string[] }) => ({ read: a.accounts, write: [] }),
      execute: (state, a) => a.accounts.filter((account) => state.has(account)),
    },
    total: {
      keys: everyKey,
      readOnly: true,
      partial: (partition, a) => sumOf(partition.entries()) + (a === undefined ? 0 : 1),
      merge: (parts) => parts.reduce((x, y) => x + y, 0),
    },
  },
});
/* eslint-enable */
export default bank;

export async function embedded(): Promise<void> {
  const engine = await Engine.start({ service: new URL('./bank.js', import.meta.url), streams: 4, dataDir: './data' });
  const client = engine.client<typeof bank>();
  await uses(client);

  const results = await client.executeBatch([
    ['holders', { accounts: ['a'] }],
    ['transfer', { from: 'a', to: 'b', amount: 1 }],
  ]);
  expectTypeOf(results).toEqualTypeOf<[CommandOutcome<string[]>, CommandOutcome<string>]>();
  const [, transferred] = results;
  if (transferred.ok) expectTypeOf(transferred.value).toBeString();
  else expectTypeOf(transferred.error).toEqualTypeOf<PsmrError>();

  await engine.checkpoint();
  engine.stats();
  engine.port();
  await engine.stop();

  // @ts-expect-error -- there is no such option
  await Engine.start({ service: './bank.js', stream: 4 });
  // @ts-expect-error -- 'none' is no durability
  await Engine.start({ service: './bank.js', durability: 'none' });
}

export async function remote(): Promise<void> {
  const client = await connect<typeof bank>({ replicas: ['ws://127.0.0.1:7400'], service: bank });
  await uses(client);
  await client.close();

  // @ts-expect-error -- a client classifies by itself: it needs the service
  await connect<typeof bank>({ replicas: ['ws://127.0.0.1:7400'] });
  // @ts-expect-error -- another service
  await connect<typeof bank>({ replicas: [], service: defineService({ name: 'other', commands: {} }) });
}

async function uses(client: Client<typeof bank>): Promise<void> {
  expectTypeOf(await client.execute('transfer', { from: 'a', to: 'b', amount: 5 })).toBeString();
  expectTypeOf(await client.execute('holders', { accounts: ['a'] })).toEqualTypeOf<string[]>();
  await client.execute('balance', { account: 'a' });
  await client.execute('total');
  await client.executeBatch([['deposit', { account: 'a', amount: 1 }], ['balance', { account: 'a' }], ['total']]);

  // @ts-expect-error -- an unknown command
  await client.execute('withdraw', { account: 'a' });
  // @ts-expect-error -- a missing argument
  await client.execute('deposit', { account: 'a' });
  // @ts-expect-error -- an argument too many
  await client.execute('balance', { account: 'a', amount: 1 });
  // @ts-expect-error -- an unknown command in a batch
  await client.executeBatch([['withdraw', { account: 'a' }]]);
}
