import { everyKey } from '../../src/service/command.js';
import { defineService } from '../../src/service/define-service.js';
import { spin } from '../workloads/work.js';

export interface AccountArguments {
  account: string;
  spin?: number;
}
export interface DepositArguments extends AccountArguments {
  amount: number;
}
export interface TransferArguments {
  from: string;
  to: string;
  amount: number;
  spin?: number;
}

/** Accounts with whole amounts. Transfers move money and make none: deposits alone change the total. */
export default defineService({
  name: 'bank',
  commands: {
    deposit: {
      keys: (args: DepositArguments) => [args.account],
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        const balance = (state.get<number>(args.account) ?? 0) + args.amount;
        state.set(args.account, balance);
        return balance;
      },
    },
    transfer: {
      keys: (args: TransferArguments) => [args.from, args.to],
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        const balance = state.get<number>(args.from) ?? 0;
        // An overdraft is an answer here, not an error: a benchmark must not measure how fast errors are made.
        if (balance < args.amount) return false;
        state.set(args.from, balance - args.amount);
        state.set(args.to, (state.get<number>(args.to) ?? 0) + args.amount);
        return true;
      },
    },
    balance: {
      keys: (args: AccountArguments) => [args.account],
      readOnly: true,
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        return state.get<number>(args.account) ?? 0;
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
      merge: (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0),
    },
  },
});
