/** Goods in a warehouse. Each product is a key: what touches different products runs in parallel. */
import { defineService, everyKey } from 'psmr';

export default defineService({
  name: 'stock',
  commands: {
    add: {
      keys: (a: { product: string; count: number }) => [a.product],
      execute(state, a) {
        const count = (state.get<number>(a.product) ?? 0) + a.count;
        state.set(a.product, count);
        return count;
      },
    },
    swap: {
      keys: (a: { take: string; give: string }) => [a.take, a.give],
      execute(state, a) {
        const left = (state.get<number>(a.take) ?? 0) - 1;
        if (left < 0) throw new Error(`no ${a.take} in stock`); // an error reply; nothing is written
        state.set(a.take, left);
        state.set(a.give, (state.get<number>(a.give) ?? 0) + 1);
      },
    },
    sum: {
      keys: everyKey,
      readOnly: true,
      partial: (partition) => [...partition.entries<number>()].reduce((sum, [, count]) => sum + count, 0),
      merge: (parts: readonly number[]) => parts.reduce((sum, part) => sum + part, 0),
    },
  },
});
