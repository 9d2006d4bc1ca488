import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionStore } from '../../src/execution/partition-store.js';

type Step =
  | { readonly do: 'set'; readonly key: string; readonly value: number | string }
  | { readonly do: 'delete'; readonly key: string }
  | { readonly do: 'delete-many'; readonly from: number; readonly count: number }
  | { readonly do: 'freeze' }
  | { readonly do: 'walk'; readonly count: number };

interface Walk {
  readonly expected: [string, number | string][];
  readonly entries: IterableIterator<[string, unknown]>;
  readonly found: [string, unknown][];
}

/** A table of several blocks, and of more than one chunk. */
const KEYS = 5000;
const key = fc.nat({ max: KEYS }).map((number) => `key ${number}`);
const value = fc.oneof(fc.nat(), fc.string({ maxLength: 140 }));
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 20, arbitrary: fc.record({ do: fc.constant('set' as const), key, value }) },
  { weight: 10, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
  // More than half of all: the table begins anew.
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('delete-many' as const),
      from: fc.nat({ max: 1000 }),
      count: fc.constantFrom(300, KEYS),
    }),
  },
  { weight: 1, arbitrary: fc.constant({ do: 'freeze' as const }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('walk' as const), count: fc.constantFrom(1, 50, 600) }) },
);

describe('PartitionStore', () => {
  it('is a Map, in content and order, whatever checkpoints are under way; and frozen content does not change', () => {
    fc.assert(
      fc.property(fc.nat({ max: KEYS }), fc.array(step, { maxLength: 150, size: 'max' }), (keys, steps) => {
        const store = new PartitionStore();
        const model = new Map<string, number | string>();
        const walks: Walk[] = [];
        for (let at = 0; at < keys; at++) {
          const first = at % 3 === 0 ? at : `text ${at}`;
          store.set(`key ${at}`, first);
          model.set(`key ${at}`, first);
        }
        for (const action of steps) {
          if (action.do === 'set') {
            store.set(action.key, action.value);
            model.set(action.key, action.value);
            expect(store.get(action.key)).toBe(action.value);
          } else if (action.do === 'delete') {
            store.delete(action.key);
            model.delete(action.key);
            expect(store.has(action.key)).toBe(false);
          } else if (action.do === 'delete-many') {
            for (let at = action.from; at < action.from + action.count; at++) {
              store.delete(`key ${at}`);
              model.delete(`key ${at}`);
            }
          } else if (action.do === 'freeze') {
            walks.push({ expected: [...model], entries: store.freeze(), found: [] });
          } else {
            for (const walk of walks) go(walk, action.count);
          }
          expect(store.size).toBe(model.size);
        }
        expect([...store.entries()]).toEqual([...model]);
        for (const walk of walks) {
          go(walk, Infinity);
          expect(walk.found).toEqual(walk.expected);
        }
        expect([...store.entries()]).toEqual([...model]);
      }),
      { numRuns: 100 },
    );
  });

  it('goes on where frozen content is walked in part, or not at all', () => {
    const store = new PartitionStore();
    for (let at = 0; at < 1000; at++) store.set(`key ${at}`, at);
    store.freeze();
    for (const [, first] of store.freeze()) {
      expect(first).toBe(0);
      break;
    }
    store.set('key 999', 'new');
    expect([...store.freeze()].at(-1)).toEqual(['key 999', 'new']);
    expect(store.get('key 999')).toBe('new');
  });

  it('tells a stored undefined from an absent key, frozen or not', () => {
    const store = new PartitionStore();
    store.set('old', undefined);
    const frozen = store.freeze();
    store.set('new', undefined);
    expect([store.has('old'), store.has('new'), store.has('none')]).toEqual([true, true, false]);
    expect(store.get('new')).toBeUndefined();
    expect([...frozen]).toEqual([['old', undefined]]);
  });
});

function go({ entries, found }: Walk, count: number): void {
  for (let left = count; left > 0; left--) {
    const next = entries.next();
    if (next.done === true) return;
    found.push(next.value);
  }
}
