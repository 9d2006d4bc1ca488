/** Compiled, not run: what the types of a service say about its commands. */
import { everyKey } from '../../src/service/command.js';
import {
  defineService,
  type CommandArguments,
  type CommandName,
  type CommandResult,
} from '../../src/service/define-service.js';
import type { BatchOutcomes, Client } from '../../src/client/client.js';

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function expectType<_Check extends true>(): void {
  // A type that is not `true` does not compile.
}

const bank = defineService({
  name: 'bank',
  commands: {
    deposit: {
      keys: (a: { account: string; amount: number }) => [a.account],
      execute(state, a) {
        const b = (state.get(a.account) ?? 0) + a.amount;
        expectType<Equal<typeof a, { account: string; amount: number }>>();
        state.set(a.account, b);
        return a.amount;
      },
    },
    transfer: {
      keys: (a: { from: string; to: string; amount: number }) => [a.from, a.to],
      execute(state, a, ctx) {
        const now: number = ctx.now + ctx.random() + ctx.commandId.length;
        const before = state.get<number>(a.from);
        expectType<Equal<typeof before, number | undefined>>();
        if (now < 0) throw new Error('never');
      },
    },
    balance: {
      keys: (a: { account: string }) => [a.account],
      readOnly: true,
      execute: (state, a) => state.get<number>(a.account) ?? 0,
    },
    copy: {
      keys: (a: { from: string; to: string }) => ({ read: [a.from], write: [a.to] }),
      execute: (state, { from, to }) => {
        state.set(to, state.get(from));
        return [from, to] as const;
      },
    },
    total: {
      keys: everyKey,
      readOnly: true,
      partial: (partition) => {
        let sum = 0;
        for (const [, balance] of partition.entries<number>()) sum += balance;
        return sum;
      },
      merge: (parts: readonly number[]) => parts.reduce((x, y) => x + y, 0),
    },
    above: {
      keys: everyKey,
      readOnly: true,
      partial: (partition, a: { least: number }) =>
        [...partition.entries<number>()].filter(([, n]) => n >= a.least).length,
      merge: (parts: readonly number[], a: { least: number }) => ({ least: a.least, count: parts.length }),
    },
    untyped: {
      keys: everyKey,
      partial: (partition, a) => [...partition.entries()].length + (a === undefined ? 0 : 1),
      merge: (parts) => parts.reduce((x, y) => x + y, 0),
    },
  },
});

type Bank = typeof bank;

expectType<Equal<CommandName<Bank>, 'deposit' | 'transfer' | 'balance' | 'copy' | 'total' | 'above' | 'untyped'>>();
expectType<Equal<CommandArguments<Bank, 'deposit'>, { account: string; amount: number }>>();
expectType<Equal<CommandArguments<Bank, 'above'>, { least: number }>>();
expectType<Equal<CommandResult<Bank, 'deposit'>, number>>();
expectType<Equal<CommandResult<Bank, 'transfer'>, void>>();
expectType<Equal<CommandResult<Bank, 'balance'>, number>>();
expectType<Equal<CommandResult<Bank, 'copy'>, readonly [string, string]>>();
expectType<Equal<CommandResult<Bank, 'total'>, number>>();
expectType<Equal<CommandResult<Bank, 'above'>, { least: number; count: number }>>();

export async function useClient(client: Client<Bank>): Promise<void> {
  const deposited = await client.execute('deposit', { account: 'a', amount: 1 });
  expectType<Equal<typeof deposited, number>>();
  const total = await client.execute('total');
  expectType<Equal<typeof total, number>>();
  await client.execute('above', { least: 5 });

  // @ts-expect-error -- an unknown command
  await client.execute('withdraw', { account: 'a' });
  // @ts-expect-error -- a missing argument
  await client.execute('deposit', { account: 'a' });
  // @ts-expect-error -- an argument of another type
  await client.execute('deposit', { account: 'a', amount: '1' });
  // @ts-expect-error -- no arguments at all
  await client.execute('deposit');
  // @ts-expect-error -- no arguments where partial asks for some
  await client.execute('above');

  const outcomes = await client.executeBatch([
    ['deposit', { account: 'a', amount: 1 }],
    ['copy', { from: 'a', to: 'b' }],
    ['total'],
  ]);
  const [first, second] = outcomes;
  if (first.ok) expectType<Equal<typeof first.value, number>>();
  if (second.ok) expectType<Equal<typeof second.value, readonly [string, string]>>();
  else expectType<Equal<typeof second.error.name, 'PsmrError'>>();

  // @ts-expect-error -- a batch is checked as a single command is
  await client.executeBatch([['deposit', { account: 1, amount: 1 }]]);
}

export type TwoOutcomes = BatchOutcomes<Bank, [['total'], ['balance', { account: string }]]>;

const name = 'wrong';
const byKey = (a: { key: string }): string[] => [a.key];

export const wrong = [
  // @ts-expect-error -- execute takes what keys takes
  () => defineService({ name, commands: { c: { keys: byKey, execute: (_state, a: number) => a } } }),
  // @ts-expect-error -- keys are strings
  () => defineService({ name, commands: { c: { keys: () => [1], execute: () => 1 } } }),
  // @ts-expect-error -- lists of keys read and written, nothing else
  () => defineService({ name, commands: { c: { keys: () => ({ reads: ['k'] }), execute: () => 1 } } }),
  // @ts-expect-error -- a keyed command executes
  () => defineService({ name, commands: { c: { keys: byKey } } }),
  // @ts-expect-error -- an every-key command has a merge
  () => defineService({ name, commands: { c: { keys: everyKey, partial: () => 1 } } }),
  // @ts-expect-error -- a service has a name
  () => defineService({ commands: { c: { keys: byKey, execute: () => 1 } } }),
];
