/** A bank: accounts are keys, so deposits to different accounts run in parallel and a transfer meets two streams. */
import { defineService, everyKey } from 'psmr';

const bank = defineService({
  name: 'bank',
  commands: {
    deposit: {
      keys: (a: { account: string; amount: number }) => [a.account],
      execute(state, a) {
        const balance: number = (state.get<number>(a.account) ?? 0) + a.amount;
        state.set(a.account, balance);
        return balance;
      },
    },
    transfer: {
      keys: (a: { from: string; to: string; amount: number }) => [a.from, a.to],
      execute(state, a) {
        const from = state.get<number>(a.from) ?? 0;
        // What throws writes nothing: the money stays where it is.
        if (from < a.amount) throw new Error(`insufficient funds in ${a.from}: ${from}`);
        state.set(a.from, from - a.amount);
        state.set(a.to, (state.get<number>(a.to) ?? 0) + a.amount);
        return from - a.amount;
      },
    },
    balance: {
      keys: (a: { account: string }) => [a.account],
      readOnly: true,
      execute: (state, a): number => state.get<number>(a.account) ?? 0,
    },
    total: {
      keys: everyKey,
      readOnly: true,
      partial(partition) {
        let sum = 0;
        for (const [, balance] of partition.entries<number>()) sum += balance;
        return sum;
      },
      merge: (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0),
    },
  },
});

export default bank;
