import { describe, expect, test } from 'vitest';
import { addStates, EMPTY_STATE, summarise } from '../../bench/execution/state-summary.js';

describe('the summary of a state', () => {
  test('is that of its parts together, in any order', () => {
    const whole = summarise(Object.entries({ a: 1, b: 'x', c: 3 }));
    const parts = [summarise([['c', 3]]), summarise(Object.entries({ b: 'x', a: 1 }))];
    expect(parts.reduce(addStates, EMPTY_STATE)).toEqual(whole);
    expect(whole).toMatchObject({ keys: 3, sum: 4 });
  });

  test('counts the balances of records, and tells records apart', () => {
    const [one, other] = [
      { balance: 2, held: 0 },
      { balance: 2, held: 1 },
    ].map((value) => summarise([['a', value]]));
    expect(one).toMatchObject({ keys: 1, sum: 2 });
    expect(other?.hash).not.toBe(one?.hash);
  });

  test.each([
    ['a value', { a: 1, b: 'y' }],
    ['a key', { a: 1, c: 'x' }],
    ['values that changed places', { a: 'x', b: 1 }],
    ['a key too few', { a: 1 }],
  ])('differs when %s differs', (_, state) => {
    expect(summarise(Object.entries(state)).hash).not.toBe(summarise(Object.entries({ a: 1, b: 'x' })).hash);
  });
});
