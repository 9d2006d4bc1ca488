import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { hashOf } from '../../src/classifier/slots.js';
import { KeyTable } from '../../src/execution/key-table.js';

type Step = { readonly do: 'set' | 'delete'; readonly key: number };

const step = (keys: number): fc.Arbitrary<Step> =>
  fc.record({ do: fc.constantFrom('set' as const, 'set' as const, 'delete' as const), key: fc.nat({ max: keys }) });

/** Of the kinds that a table keeps in ways of their own. */
function valueOf(at: number): unknown {
  return [at, `text ${at}`, `täxt ${at}`, 'long '.repeat(at % 60), { at }, undefined, ''][at % 7];
}

/** Runs the steps on a table and on a Map; `hash` may be as bad as it likes. */
function compare(steps: readonly Step[], hash: (key: string) => number): void {
  const table = new KeyTable<unknown>();
  const model = new Map<string, unknown>();
  steps.forEach(({ do: what, key: number }, at) => {
    const key = `key/${number}`;
    if (what === 'set') {
      table.set(key, hash(key), valueOf(at));
      model.set(key, valueOf(at));
    } else {
      table.delete(key, hash(key));
      model.delete(key);
    }
    expect(table.size).toBe(model.size);
    expect(table.get(key, hash(key))).toEqual(model.get(key));
  });
  expect([...table]).toEqual([...model]);
  for (const [key, value] of model) expect(table.get(key, hash(key))).toEqual(value);
  expect(table.has('absent', hash('absent'))).toBe(false);
}

describe('KeyTable', () => {
  it('is a Map, in content and order of insertion', () => {
    fc.assert(
      fc.property(fc.array(step(40), { maxLength: 400, size: 'max' }), (steps) => compare(steps, hashOf)),
      { numRuns: 200 },
    );
  });

  it('stays one where all keys have the same hash, or one of a few', () => {
    fc.assert(
      fc.property(fc.array(step(300), { maxLength: 1000, size: 'max' }), fc.constantFrom(1, 3), (steps, hashes) =>
        compare(steps, (key) => (hashOf(key) >>> 0) % hashes),
      ),
      { numRuns: 30 },
    );
  });

  it('holds many keys of one partition, whose hashes share their low bits', () => {
    const table = new KeyTable<number>();
    const keys = Array.from({ length: 200_000 }, (_, at) => `k${at}`).filter((key) => (hashOf(key) & 15) === 5);
    keys.forEach((key, at) => table.set(key, hashOf(key), at));
    expect(table.size).toBe(keys.length);
    for (const at of [0, 1, 5000, keys.length - 1]) expect(table.get(keys[at] ?? '', hashOf(keys[at] ?? ''))).toBe(at);
    expect([...table].map(([key]) => key)).toEqual(keys);
  });

  it('finds every key while it grows, deleted and set again ones too', () => {
    const table = new KeyTable<number>();
    const model = new Map<string, number>();
    for (let at = 0; at < 9000; at++) {
      const key = `k${at}`;
      table.set(key, hashOf(key), at);
      model.set(key, at);
      // Old ones, moved already or not: each is deleted, and set again later.
      const other = `k${(at * 7919) % (at + 1)}`;
      if (at % 3 === 0) {
        table.delete(other, hashOf(other));
        model.delete(other);
      } else {
        table.set(other, hashOf(other), -at);
        model.set(other, -at);
      }
      const asked = `k${(at * 104_729) % (at + 1)}`;
      expect(table.get(asked, hashOf(asked))).toBe(model.get(asked));
    }
    expect([...table]).toEqual([...model]);
  });

  it('does not grow where keys come and go', () => {
    const table = new KeyTable<number>();
    for (let at = 0; at < 100_000; at++) {
      const key = `passing/${at}`;
      table.set(key, hashOf(key), at);
      if (at >= 10) table.delete(`passing/${at - 10}`, hashOf(`passing/${at - 10}`));
    }
    expect(table.size).toBe(10);
    expect(table.capacity).toBeLessThanOrEqual(64);
  });

  it('reads ahead without harm, whatever the hashes', () => {
    const table = new KeyTable<number>();
    table.prefetch([1, -5, 0]);
    table.set('a', hashOf('a'), 1);
    table.delete('a', hashOf('a'));
    table.set('b', hashOf('b'), 2);
    table.prefetch([hashOf('a') | 0, hashOf('b') | 0, 7]);
    expect([...table]).toEqual([['b', 2]]);
  });
});
