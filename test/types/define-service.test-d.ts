/** Compiled, not run: what the types of a service say about its commands. */
import { expectTypeOf } from 'vitest';
import type { ErrorCode } from '../../src/errors.js';
import { everyKey } from '../../src/service/command.js';
import {
  defineService,
  type CommandArguments,
  type CommandName,
  type CommandResult,
} from '../../src/service/define-service.js';
import type { BatchOutcomes, Client } from '../../src/client/client.js';

export const bank = defineService({
  name: 'bank',
  commands: {
    deposit: {
      keys: (a: { account: string; amount: number }) => [a.account],
      execute(state, a) {
        const b: number = (state.get<number>(a.account) ?? 0) + a.amount;
        expectTypeOf(a).toEqualTypeOf<{ account: string; amount: number }>();
        state.set(a.account, b);
        return a.amount;
      },
    },
    transfer: {
      keys: (a: { from: string; to: string; amount: number }) => [a.from, a.to],
      execute(state, a, ctx) {
        const now: number = ctx.now + ctx.random() + ctx.commandId.length;
        const before = state.get<number>(a.from);
        expectTypeOf(before).toEqualTypeOf<number | undefined>();
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
      merge: (parts) => parts.length,
    },
  },
});

type Bank = typeof bank;

expectTypeOf<CommandName<Bank>>().toEqualTypeOf<
  'deposit' | 'transfer' | 'balance' | 'copy' | 'total' | 'above' | 'untyped'
>();
expectTypeOf<CommandArguments<Bank, 'deposit'>>().toEqualTypeOf<{ account: string; amount: number }>();
expectTypeOf<CommandArguments<Bank, 'above'>>().toEqualTypeOf<{ least: number }>();
// Whichever of them it will be, it gets what it takes.
expectTypeOf<CommandArguments<Bank, 'deposit' | 'above'>>().toEqualTypeOf<
  { account: string; amount: number } & { least: number }
>();
expectTypeOf<CommandResult<Bank, 'copy' | 'total'>>().toEqualTypeOf<number | readonly [string, string]>();
expectTypeOf<CommandResult<Bank, 'deposit'>>().toEqualTypeOf<number>();
expectTypeOf<CommandResult<Bank, 'transfer'>>().toBeVoid();
expectTypeOf<CommandResult<Bank, 'balance'>>().toEqualTypeOf<number>();
expectTypeOf<CommandResult<Bank, 'copy'>>().toEqualTypeOf<readonly [string, string]>();
expectTypeOf<CommandResult<Bank, 'total'>>().toEqualTypeOf<number>();
expectTypeOf<CommandResult<Bank, 'above'>>().toEqualTypeOf<{ least: number; count: number }>();

export async function useClient(client: Client<Bank>): Promise<void> {
  const deposited = await client.execute('deposit', { account: 'a', amount: 1 });
  expectTypeOf(deposited).toEqualTypeOf<number>();
  const total = await client.execute('total');
  expectTypeOf(total).toEqualTypeOf<number>();
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
  if (first.ok) expectTypeOf(first.value).toEqualTypeOf<number>();
  if (second.ok) expectTypeOf(second.value).toEqualTypeOf<readonly [string, string]>();
  else expectTypeOf(second.error.code).toEqualTypeOf<ErrorCode>();

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
