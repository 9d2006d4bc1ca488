import { expectTypeOf, it } from 'vitest';
import type { BatchOutcomes, Client, CommandOutcome } from '../../src/client/client.js';
import type { bank } from './bank.js';

type Bank = typeof bank;

/** Compiled, never run: the compiler is the test. */
async function uses(client: Client<Bank>): Promise<void> {
  expectTypeOf(await client.execute('deposit', { account: 'a', amount: 1 })).toEqualTypeOf<number>();
  expectTypeOf(await client.execute('note', { account: 'a', text: {} })).toEqualTypeOf<string>();
  expectTypeOf(await client.execute('total')).toEqualTypeOf<number>();

  const [deposited, noted] = await client.executeBatch([
    ['deposit', { account: 'a', amount: 1 }],
    ['note', { account: 'a', text: ['x'] }],
  ]);
  expectTypeOf(deposited).toEqualTypeOf<CommandOutcome<number>>();
  expectTypeOf(noted).toEqualTypeOf<CommandOutcome<string>>();
  if (deposited.ok) expectTypeOf(deposited.value).toEqualTypeOf<number>();

  const many = await client.executeBatch(['a', 'b'].map((account) => ['balance', { account }] as const));
  expectTypeOf(many).toEqualTypeOf<CommandOutcome<number>[]>();

  // @ts-expect-error -- there is no such command
  await client.execute('withdraw', { account: 'a' });
  // @ts-expect-error -- an argument is missing
  await client.execute('deposit', { account: 'a' });
  // @ts-expect-error -- an argument is of another type
  await client.executeBatch([['deposit', { account: 'a', amount: '1' }]]);
}

it('knows the arguments and results of its service', () => {
  expectTypeOf(uses).toBeFunction();
  expectTypeOf<BatchOutcomes<Bank, readonly []>>().toEqualTypeOf<[]>();
});
