import { describe, expect, it } from 'vitest';
import {
  bytes,
  fields,
  fieldsOnly,
  list,
  nullable,
  number,
  optional,
  otherwise,
  pair,
  text,
  whole,
} from '../src/shape.js';
import type { Check } from '../src/shape.js';

const person = fields({ name: text(8), age: optional(whole(0, 150)), tags: otherwise(list(text()), () => []) });

describe('a shape', () => {
  it('gives what is due, and leaves out other fields', () => {
    expect(person({ name: 'Ann', age: 5, tags: ['a'], color: 'red' }, '')).toEqual({
      name: 'Ann',
      age: 5,
      tags: ['a'],
    });
  });

  it('fills in what is missing, anew each time', () => {
    const first = person({ name: 'Ann' }, '');
    expect(Object.keys(first)).toEqual(['name', 'tags']);
    first.tags.push('mine');
    expect(person({ name: 'Bob' }, '').tags).toEqual([]);
  });

  it.each<[what: string, check: Check<unknown>, value: unknown, path: string]>([
    ['a field that is missing', person, {}, 'name'],
    ['a field that the prototype has', fields({ toString: text() }), {}, 'toString'],
    ['a string that is too long', person, { name: 'Annabella' }, 'name'],
    ['a number that is not whole', whole(0), 1.5, ''],
    ['a number that is too small', whole(1), 0, ''],
    ['a number that is too large', whole(0, 3), 4, ''],
    ['a whole number that is not exact', whole(0), 2 ** 53, ''],
    ['no number', number, Number.NaN, ''],
    ['null where nothing says so', text(), null, ''],
    ['nothing where null may be', nullable(text()), undefined, ''],
    ['bytes of another length', bytes(2), Uint8Array.of(1), ''],
    ['a list where bytes are due', bytes(2), [1, 2], ''],
    ['bytes where a list is due', list(whole(0)), Uint8Array.of(1), ''],
    ['bytes where a map is due', fields({}), Uint8Array.of(1), ''],
    ['a list where a map is due', fields({}), [], ''],
    ['a hole in a list', list(whole(0)), Array(2), '0'],
    ['a list that is too short', list(whole(0), 2), [1], ''],
    ['half a pair', pair(number, number), [1], ''],
    ['more than a pair', pair(number, number), [1, 2, 3], ''],
    [
      'something wrong deep inside',
      fields({ all: list(pair(text(), person)) }),
      { all: [['a', { name: 5 }]] },
      'all.0.1.name',
    ],
    ['a field too many', fieldsOnly({ a: number }), { a: 1, b: 2 }, ''],
  ])('refuses %s, and says where', (_, check, value, path) => {
    expect(() => check(value, '')).toThrow(expect.objectContaining({ path }) as Error);
  });
});
