import { describe } from 'vitest';
import { cases } from './known-cases.js';
import { registers } from './models/registers.js';
import { FAILED, UNKNOWN } from './operations.js';

const x = { key: 'x' };
const set = (value: unknown): object => ({ key: 'x', value });
const cas = (from: unknown, to: unknown): object => ({ key: 'x', from, to });
const both = { keys: ['x', 'y'] };

describe('refused: registers', () => {
  cases(() => registers, false, [
    {
      name: 'a stale read',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [0, 'write', set(2), null, 2, 3],
        [1, 'read', x, 1, 4, 5],
      ],
    },
    {
      name: 'a lost write',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [1, 'read', x, null, 2, 3],
      ],
    },
    {
      name: 'a value that nobody wrote',
      rows: [
        [0, 'write', set(1), null, 0, 9],
        [1, 'read', x, 7, 2, 3],
      ],
    },
    {
      name: 'the read of a write that failed',
      rows: [
        [0, 'write', set(1), FAILED, 0, 1],
        [1, 'read', x, 1, 2, 3],
      ],
    },
    {
      name: 'a read of what is written later',
      rows: [
        [1, 'read', x, 1, 0, 1],
        [0, 'write', set(1), null, 2, 3],
      ],
    },
    {
      name: 'the read of an unknown write before it was asked for',
      rows: [
        [1, 'read', x, 1, 0, 1],
        [0, 'write', set(1), UNKNOWN, 2, 3],
      ],
    },
    {
      name: 'an unknown write seen, unseen and seen again',
      rows: [
        [0, 'write', set(1), UNKNOWN, 0, 0],
        [1, 'read', x, 1, 1, 2],
        [1, 'read', x, null, 3, 4],
      ],
    },
    {
      name: 'two reads during a write, first the new value, then the old',
      rows: [
        [0, 'write', set(1), null, 0, 9],
        [1, 'read', x, 1, 1, 2],
        [2, 'read', x, null, 3, 4],
      ],
    },
    {
      name: 'two clients that both won the same cas',
      rows: [
        [0, 'cas', cas(null, 1), true, 0, 9],
        [1, 'cas', cas(null, 2), true, 0, 9],
      ],
    },
    {
      name: 'a cas refused although its value stood',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [1, 'cas', cas(1, 2), false, 2, 3],
      ],
    },
    {
      name: 'split brain: each side reads its own write only',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [1, 'write', set(2), null, 0, 1],
        [0, 'read', x, 1, 2, 3],
        [1, 'read', x, 2, 4, 5],
        [0, 'read', x, 1, 6, 7],
      ],
    },
    {
      name: 'operations that did not overlap, reordered',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [1, 'write', set(2), null, 2, 3],
        [2, 'read', x, 2, 4, 5],
        [2, 'read', x, 1, 6, 7],
      ],
    },
    {
      name: 'half of a write of two',
      rows: [
        [
          0,
          'writeAll',
          {
            entries: [
              ['x', 1],
              ['y', 1],
            ],
          },
          null,
          0,
          9,
        ],
        [1, 'readAll', both, [1, null], 1, 2],
      ],
    },
    {
      name: 'two reads that saw two writes in different orders',
      rows: [
        [0, 'write', set(1), null, 0, 9],
        [1, 'write', { key: 'y', value: 1 }, null, 0, 9],
        [2, 'readAll', both, [1, null], 1, 8],
        [3, 'readAll', both, [null, 1], 1, 8],
      ],
    },
    {
      name: 'a value in both of two swapped registers',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [0, 'swap', { one: 'x', other: 'y' }, [1, null], 2, 3],
        [1, 'readAll', both, [1, 1], 4, 5],
      ],
    },
  ]);
});

describe('accepted: registers', () => {
  cases(() => registers, true, [
    { name: 'nothing at all', rows: [] },
    {
      name: 'a read during a write, old or new',
      rows: [
        [0, 'write', set(1), null, 0, 9],
        [1, 'read', x, null, 1, 2],
        [1, 'read', x, 1, 3, 4],
      ],
    },
    {
      name: 'an unknown write that took effect much later',
      rows: [
        [0, 'write', set(1), UNKNOWN, 0, 0],
        [1, 'write', set(2), null, 1, 2],
        [1, 'read', x, 2, 3, 4],
        [1, 'read', x, 1, 5, 6],
      ],
    },
    {
      name: 'an unknown write that never did',
      rows: [
        [0, 'write', set(1), UNKNOWN, 0, 0],
        [1, 'read', x, null, 1, 2],
      ],
    },
    {
      name: 'an unknown cas between two reads',
      rows: [
        [0, 'write', set(1), null, 0, 1],
        [1, 'cas', cas(1, 2), UNKNOWN, 2, 2],
        [2, 'read', x, 1, 3, 4],
        [2, 'read', x, 2, 5, 6],
      ],
    },
    {
      name: 'a write that returns when a read is asked for',
      rows: [
        [0, 'write', set(1), null, 0, 5],
        [1, 'read', x, null, 5, 6],
      ],
    },
    {
      name: 'a write hidden between two others',
      rows: [
        [0, 'write', set(1), null, 0, 9],
        [1, 'write', set(2), null, 1, 9],
        [2, 'read', x, 2, 2, 3],
        [2, 'read', x, 2, 10, 11],
      ],
    },
    {
      name: 'writes of the same value',
      rows: [
        [0, 'write', set(5), null, 0, 9],
        [1, 'write', set(6), null, 1, 2],
        [2, 'read', x, 5, 3, 4],
        [1, 'read', x, 5, 10, 11],
      ],
    },
  ]);
});
