/** Stores whatever it is given, and gives it back. */
import { defineService, everyKey } from 'psmr';

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
    /** The same, and nothing is remembered of it. */
    show: {
      keys: (a: { key: string; bytes: number }) => [a.key],
      readOnly: true,
      execute: (_, a): string => 'x'.repeat(a.bytes),
    },
    /** Many times one text, which takes memory once. */
    makeList: {
      keys: (a: { key: string; bytes: number; times: number }) => [a.key],
      execute(state, a): string[] {
        state.set(a.key, 'written');
        return new Array<string>(a.times).fill('x'.repeat(a.bytes));
      },
    },
    storeList: {
      keys: (a: { key: string; bytes: number; times: number }) => [a.key],
      execute: (state, a): void => state.set(a.key, new Array<string>(a.times).fill('x'.repeat(a.bytes))),
    },
    makeListOfAll: {
      keys: everyKey,
      partial: (partition, a: { bytes: number; times: number }): string[] => {
        partition.set('everything', 'written');
        return new Array<string>(a.times).fill('x'.repeat(a.bytes));
      },
      merge: (parts: readonly string[][]): number => parts.length,
    },
    count: {
      keys: (a: { key: string }) => [a.key],
      execute(state, a): number {
        const count = (state.get<number>(a.key) ?? 0) + 1;
        state.set(a.key, count);
        return count;
      },
    },
    /** Reads all, writes one. */
    sumLengths: {
      keys: (a: { of: readonly string[]; into: string }) => ({ read: a.of, write: [a.into] }),
      execute(state, a): number {
        let sum = 0;
        for (const key of a.of) for (const text of state.get<string[]>(key) ?? []) sum += text.length;
        state.set(a.into, sum);
        return sum;
      },
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
