/**
 * Money that is moved and never made, in commands whose outcome depends on what all their keys held: any command that is
 * executed twice, not at all, in another order or on values of another time leaves a trace in what the keys hold.
 */
import { defineService, everyKey } from 'psmr';

export interface Holding {
  readonly money: number;
  /** Sum of what `add` was given. */
  readonly added: number;
  /** How many commands wrote it, of one key or several ... */
  readonly touched: number;
  /** ... and of all keys. */
  readonly swept: number;
  /** Of all that went before, in its order, also at the other keys of its commands. */
  readonly digest: number;
}

export const MONEY_AT_FIRST = 1_000;

const AT_FIRST: Holding = { money: MONEY_AT_FIRST, added: 0, touched: 0, swept: 0, digest: 1 };

function mix(digest: number, ...values: readonly number[]): number {
  return values.reduce((mixed, value) => Math.imul(mixed ^ value, 0x0100_0193) >>> 0, digest);
}

const money = defineService({
  name: 'money',
  commands: {
    add: {
      keys: (a: { key: string; by: number }) => [a.key],
      execute(state, a): number {
        const old = state.get<Holding>(a.key) ?? AT_FIRST;
        const added = old.added + a.by;
        state.set(a.key, { ...old, added, touched: old.touched + 1, digest: mix(old.digest, a.by) });
        return added;
      },
    },
    /** Each key gives half of its money to the one after it. */
    pass: {
      keys: (a: { keys: readonly string[]; nth: number }) => a.keys,
      execute(state, a): void {
        const old = a.keys.map((key) => state.get<Holding>(key) ?? AT_FIRST);
        const digest = mix(a.nth, ...old.map((each) => each.digest));
        const gives = old.map((each) => Math.floor(each.money / 2));
        a.keys.forEach((key, at) => {
          const each = old[at] ?? AT_FIRST;
          const got = gives.at(at - 1) ?? 0;
          const held = { ...each, money: each.money - (gives[at] ?? 0) + got, touched: each.touched + 1 };
          state.set(key, { ...held, digest: mix(each.digest, digest) });
        });
      },
    },
    /** Writes all keys there are; returns the money of all. */
    sweep: {
      keys: everyKey,
      partial(partition, a: { nth: number }): number {
        let sum = 0;
        for (const [key, old] of [...partition.entries<Holding>()]) {
          partition.set(key, { ...old, swept: old.swept + 1, digest: mix(old.digest, a.nth) });
          sum += old.money;
        }
        return sum;
      },
      merge: (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0),
    },
    sum: {
      keys: (a: { keys: readonly string[] }) => a.keys,
      readOnly: true,
      execute: (state, a): number => a.keys.reduce((sum, key) => sum + (state.get<Holding>(key) ?? AT_FIRST).money, 0),
    },
    dump: {
      keys: everyKey,
      readOnly: true,
      partial: (partition): readonly (readonly [string, Holding])[] => [...partition.entries<Holding>()],
      merge: (parts: readonly (readonly (readonly [string, Holding])[])[]): readonly (readonly [string, Holding])[] =>
        parts.flat(),
    },
  },
});

export default money;
