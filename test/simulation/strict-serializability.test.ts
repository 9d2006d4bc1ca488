import { describe, expect, it } from 'vitest';
import { violation, type Operation } from './strict-serializability.js';

type Appends = Operation['appends'];

function operation(
  id: number,
  [called, answered]: readonly [number, number],
  appends: Appends,
  reads: Record<string, readonly number[]> = {},
): Operation {
  return { id, called, answered, appends, reads: new Map(Object.entries(reads)) };
}

const lists = (all: Record<string, readonly number[]>): Map<string, readonly number[]> => new Map(Object.entries(all));

describe('strict serializability of list histories', () => {
  it('holds where operations overlap and some order explains them', () => {
    const history = [
      operation(1, [0, 5], ['a']),
      operation(2, [1, 4], ['a']),
      operation(3, [2, 3], [], { a: [2] }),
      operation(4, [6, 7], [], { a: [2, 1] }),
      operation(5, [8, Infinity], 'every'),
    ];
    expect(violation(history, lists({ a: [2, 1, 5] }))).toBe(null);
  });

  const wrong: [string, Operation[], Record<string, readonly number[]>][] = [
    [
      'a read that misses what was acknowledged before it',
      [operation(1, [0, 1], ['a']), operation(2, [2, 3], [], { a: [] })],
      { a: [1] },
    ],
    [
      'a read that goes back behind an earlier one',
      [operation(1, [0, 9], ['a']), operation(2, [1, 2], [], { a: [1] }), operation(3, [3, 4], [], { a: [] })],
      { a: [1] },
    ],
    [
      'a write that precedes one acknowledged before it',
      [operation(1, [0, 1], ['a']), operation(2, [2, 3], ['a'])],
      { a: [2, 1] },
    ],
    ['a command executed twice', [operation(1, [0, 1], ['a'])], { a: [1, 1] }],
    ['a command that was acknowledged and lost', [operation(1, [0, 1], ['a'])], {}],
    ['a command executed on a part of its keys', [operation(1, [0, 1], ['a', 'b'])], { a: [1], b: [] }],
    [
      'two cross-key writes in different orders',
      [operation(1, [0, 9], ['a', 'b']), operation(2, [0, 9], ['a', 'b'])],
      { a: [1, 2], b: [2, 1] },
    ],
    [
      'a read of two keys that sees a half of a write',
      [operation(1, [0, 9], ['a', 'b']), operation(2, [1, 2], [], { a: [1], b: [] })],
      { a: [1], b: [1] },
    ],
    [
      'two readers that see two writes in different orders',
      [
        operation(1, [0, 9], ['a']),
        operation(2, [0, 9], ['b']),
        operation(3, [0, 9], [], { a: [1], b: [] }),
        operation(4, [0, 9], [], { a: [], b: [2] }),
      ],
      { a: [1], b: [2] },
    ],
    ['a read of what never was', [operation(1, [0, 1], [], { a: [7] })], { a: [] }],
    [
      'a scan that leaves out a key written before it',
      [operation(1, [0, 1], ['a']), operation(2, [2, 3], 'every')],
      { a: [1] },
    ],
  ];
  it.each(wrong)('is denied to %s', (_, history, all) => {
    expect(violation(history, lists(all))).not.toBe(null);
  });
});
