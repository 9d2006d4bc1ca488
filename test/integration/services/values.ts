/** Stores whatever it is given, and gives it back. */
import { defineService } from 'psmr';

const values = defineService({
  name: 'values',
  commands: {
    put: {
      keys: (a: { key: string; value: unknown }) => [a.key],
      execute: (state, a): void => state.set(a.key, a.value),
    },
    putBoth: {
      keys: (a: { one: string; other: string; value: unknown }) => [a.one, a.other],
      execute(state, a): void {
        state.set(a.one, a.value);
        state.set(a.other, a.value);
      },
    },
    /** A large result from a small command. */
    make: {
      keys: (a: { key: string; bytes: number }) => [a.key],
      execute: (_, a): string => 'x'.repeat(a.bytes),
    },
    get: {
      keys: (a: { key: string }) => [a.key],
      readOnly: true,
      execute: (state, a): unknown => state.get<unknown>(a.key),
    },
    getBoth: {
      keys: (a: { one: string; other: string }) => [a.one, a.other],
      readOnly: true,
      execute: (state, a): unknown => [state.get<unknown>(a.one), state.get<unknown>(a.other)],
    },
  },
});

export default values;
