import { describe } from 'vitest';
import { cases } from './known-cases.js';
import { bank } from './models/bank.js';
import { counters } from './models/counters.js';
import { lists } from './models/lists.js';
import { sets } from './models/sets.js';
import { FAILED, UNKNOWN } from './operations.js';

const x = { key: 'x' };
const by = (amount: number): object => ({ key: 'x', by: amount });
const element = (name: string): object => ({ key: 'x', element: name });
const move = (amount: number): object => ({ from: 'a', to: 'b', amount });
const accounts = { accounts: ['a', 'b'] };

describe('refused: counters, sets, lists', () => {
  cases(() => counters, false, [
    {
      name: 'an increment done twice',
      rows: [
        [0, 'add', by(1), null, 0, 1],
        [1, 'read', x, 2, 2, 3],
      ],
    },
    {
      name: 'a lost increment',
      rows: [
        [0, 'add', by(1), null, 0, 9],
        [1, 'add', by(1), null, 0, 9],
        [2, 'read', x, 1, 10, 11],
      ],
    },
    {
      name: 'two increments told the same sum',
      rows: [
        [0, 'add', by(1), 1, 0, 9],
        [1, 'add', by(1), 1, 0, 9],
      ],
    },
    {
      name: 'a sum that falls',
      rows: [
        [0, 'add', by(1), UNKNOWN, 0, 0],
        [1, 'read', x, 1, 1, 2],
        [1, 'read', x, 0, 3, 4],
      ],
    },
  ]);
  cases(() => sets, false, [
    {
      name: 'an element that comes back',
      rows: [
        [0, 'add', element('a'), true, 0, 1],
        [0, 'remove', element('a'), true, 2, 3],
        [1, 'members', x, ['a'], 4, 5],
      ],
    },
    {
      name: 'an element that two clients were first to add',
      rows: [
        [0, 'add', element('a'), true, 0, 9],
        [1, 'add', element('a'), true, 0, 9],
      ],
    },
  ]);
  cases(lists, false, [
    {
      name: 'an element twice',
      rows: [
        [0, 'append', element('a'), null, 0, 1],
        [1, 'elements', x, ['a', 'a'], 2, 3],
      ],
    },
    {
      name: 'a lost element',
      rows: [
        [0, 'append', element('a'), null, 0, 1],
        [1, 'elements', x, [], 2, 3],
      ],
    },
    {
      name: 'two orders',
      rows: [
        [0, 'append', element('a'), null, 0, 1],
        [0, 'append', element('b'), null, 2, 3],
        [1, 'elements', x, ['b', 'a'], 4, 5],
      ],
    },
    {
      name: 'a length that another has',
      rows: [
        [0, 'append', element('a'), 1, 0, 9],
        [1, 'append', element('b'), 1, 0, 9],
      ],
    },
  ]);
});

describe('refused: a bank', () => {
  cases(() => bank({ opening: { a: 10, b: 10 } }), false, [
    {
      name: 'money that is in neither account',
      rows: [
        [0, 'transfer', move(5), true, 0, 9],
        [1, 'balances', accounts, [5, 10], 1, 2],
      ],
    },
    {
      name: 'a total that was never',
      rows: [
        [0, 'transfer', move(5), true, 0, 9],
        [1, 'total', {}, 15, 1, 2],
      ],
    },
    {
      name: 'money spent twice',
      rows: [
        [0, 'transfer', move(10), true, 0, 9],
        [1, 'transfer', { from: 'a', to: 'c', amount: 10 }, true, 0, 9],
      ],
    },
    { name: 'a transfer refused although the money was there', rows: [[0, 'transfer', move(10), false, 0, 1]] },
    {
      name: 'a failed transfer that moved money',
      rows: [
        [0, 'transfer', move(5), FAILED, 0, 1],
        [1, 'balance', { account: 'a' }, 5, 2, 3],
      ],
    },
  ]);
});

describe('accepted: a bank', () => {
  cases(() => bank({ opening: { a: 10, b: 10 } }), true, [
    {
      name: 'the same total before, during and after',
      rows: [
        [1, 'total', {}, 20, 0, 2],
        [0, 'transfer', move(5), true, 1, 9],
        [1, 'total', {}, 20, 3, 4],
        [1, 'balances', accounts, [5, 15], 10, 11],
      ],
    },
    {
      name: 'what is left after a transfer',
      rows: [
        [0, 'transfer', move(3), 7, 0, 1],
        [1, 'transfer', move(3), 4, 2, 3],
      ],
    },
  ]);
});
