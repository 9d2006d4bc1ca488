import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionStore } from '../../src/execution/partition-store.js';

type Step =
  | { readonly do: 'set'; readonly key: string; readonly value: number }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'freeze' }
  | { readonly do: 'fold'; readonly count: number };

const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f');
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('set' as const), key, value: fc.nat() }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  { weight: 1, arbitrary: fc.constant({ do: 'freeze' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fold' as const), count: fc.integer({ min: 1, max: 3 }) }) },
);

describe('PartitionStore', () => {
  it('is a Map, in content and order, whatever checkpoints are under way; and frozen content does not change', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
        const store = new PartitionStore();
        const model = new Map<string, number>();
        let snapshot: { expected: [string, number][]; found: Iterator<[string, unknown]> } | null = null;
        for (const action of steps) {
          if (action.do === 'set') {
            store.set(action.key, action.value);
            model.set(action.key, action.value);
          } else if (action.do === 'delete') {
            store.delete(action.key);
            model.delete(action.key);
          } else if (action.do === 'freeze' && !store.frozen) {
            snapshot = { expected: [...model], found: store.freeze() };
          } else if (action.do === 'fold' && store.frozen) {
            if (snapshot !== null) expect(rest(snapshot.found)).toEqual(snapshot.expected);
            snapshot = null;
            store.fold(action.count);
          }
          expect([...store.entries()]).toEqual([...model]);
          expect(store.size).toBe(model.size);
          for (const name of 'abcdef') {
            expect(store.get(name)).toBe(model.get(name));
            expect(store.has(name)).toBe(model.has(name));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it('tells a stored undefined from an absent key, frozen or not', () => {
    const store = new PartitionStore();
    store.set('old', undefined);
    store.freeze();
    store.set('new', undefined);
    expect([store.has('old'), store.has('new'), store.has('none')]).toEqual([true, true, false]);
    expect(store.get('new')).toBeUndefined();
  });
});

function rest(iterator: Iterator<[string, unknown]>): [string, unknown][] {
  const found: [string, unknown][] = [];
  for (let next = iterator.next(); next.done !== true; next = iterator.next()) found.push(next.value);
  return found;
}
