/** Commands of one stream and of two, and one that works as much as it is told to. */
import { defineService } from 'psmr';

const slowly = defineService({
  name: 'slowly',
  commands: {
    touch: {
      keys: (a: { key: string }) => [a.key],
      execute: (state, a): void => state.set(a.key, 1),
    },
    both: {
      keys: (a: { keys: readonly string[] }) => a.keys,
      execute(state, a): void {
        for (const key of a.keys) state.set(key, 1);
      },
    },
    look: {
      keys: (a: { key: string }) => [a.key],
      readOnly: true,
      execute: (state, a): boolean => state.has(a.key),
    },
    work: {
      keys: (a: { key: string; rounds: number }) => [a.key],
      execute(_state, a): number {
        let x = 1;
        for (let round = 0; round < a.rounds; round++) x = (Math.imul(x, 1_664_525) + 1) >>> 0;
        return x;
      },
    },
  },
});

export default slowly;
