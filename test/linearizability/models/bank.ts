/** Accounts with balances, transfers between them and totals over them. */
import { z } from 'zod';
import type { Model } from '../model.js';
import { describeState, keyOfState, type KeyedState, withValues } from './keyed-state.js';
import { reader } from './unreadable.js';

const account = z.string();
const amount = z.number();

const operation = z.discriminatedUnion('command', [
  /** What it returns, if it is a number, is the balance after it. */
  z.object({
    command: z.literal('deposit'),
    input: z.object({ account, amount }),
    output: amount.nullable().optional(),
  }),
  /** What it returns, if it is a boolean, is whether it was done; if a number, what is left: it was done. */
  z.object({
    command: z.literal('transfer'),
    input: z.object({ from: account, to: account, amount }),
    output: z.union([z.boolean(), amount]).nullable().optional(),
  }),
  z.object({ command: z.literal('balance'), input: z.object({ account }), output: amount.optional() }),
  z.object({
    command: z.literal('balances'),
    input: z.object({ accounts: z.array(account) }),
    output: z.array(amount).optional(),
  }),
  /** Of all accounts. */
  z.object({ command: z.literal('total'), input: z.unknown(), output: amount.optional() }),
]);

export type BankCall = z.output<typeof operation>;
type State = KeyedState<number>;

export interface BankOptions {
  /** What accounts hold at first; the others hold nothing. */
  readonly opening?: Readonly<Record<string, number>>;
  /** Whether transfers are done when there is too little in the account; false by default. */
  readonly overdraft?: boolean;
}

export function bank(options: BankOptions = {}): Model<State, BankCall> {
  const key = (state: State): string => keyOfState(state, '0', String);
  return {
    name: 'bank',
    initial: new Map(Object.entries(options.opening ?? {})),
    parse: reader('bank', operation),
    step: (state, call) => step(state, call, options.overdraft ?? false),
    readOnly: (call) =>
      call.command === 'balance' ||
      call.command === 'balances' ||
      call.command === 'total' ||
      (call.command === 'transfer' && call.output === false),
    key,
    keysOf,
    describe: (state) => describeState(key(state)),
  };
}

function balanceOf(state: State, one: string): number {
  return state.get(one) ?? 0;
}

function step(state: State, call: BankCall, overdraft: boolean): readonly State[] {
  switch (call.command) {
    case 'deposit': {
      const balance = balanceOf(state, call.input.account) + call.input.amount;
      if (typeof call.output === 'number' && call.output !== balance) return [];
      return [withValues(state, [[call.input.account, balance]])];
    }
    case 'transfer': {
      const { from, to } = call.input;
      const left = balanceOf(state, from) - call.input.amount;
      const done = overdraft || left >= 0;
      if (typeof call.output === 'boolean' && call.output !== done) return [];
      if (typeof call.output === 'number' && !(done && call.output === left)) return [];
      if (!done || from === to) return [state];
      return [
        withValues(state, [
          [from, left],
          [to, balanceOf(state, to) + call.input.amount],
        ]),
      ];
    }
    case 'balance':
      return fits(call.output, balanceOf(state, call.input.account)) ? [state] : [];
    case 'balances': {
      const { output } = call;
      return call.input.accounts.every((one, at) => fits(output?.[at], balanceOf(state, one))) ? [state] : [];
    }
    case 'total':
      return fits(
        call.output,
        [...state.values()].reduce((sum, balance) => sum + balance, 0),
      )
        ? [state]
        : [];
  }
}

function fits(told: number | undefined, balance: number): boolean {
  return told === undefined || told === balance;
}

function keysOf({ command, input }: BankCall): readonly string[] | null {
  switch (command) {
    case 'transfer':
      return [input.from, input.to];
    case 'balances':
      return input.accounts;
    case 'total':
      return null;
    default:
      return [input.account];
  }
}
