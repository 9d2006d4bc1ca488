import { expect, it } from 'vitest';
import { LostPeers } from '../../src/replica/lost-peers.js';

function watched(): { readonly lost: LostPeers; readonly told: string[] } {
  const told: string[] = [];
  return { lost: new LostPeers((sentence) => told.push(sentence)), told };
}

it('a replica that an operator was told is lost is told to be back once, when all groups that told of it reach it', () => {
  const { lost, told } = watched();
  lost.lost(0, 2);
  lost.lost(1, 2);
  lost.reached(0, [2, 3]);
  expect(told).toEqual([]);
  lost.reached(1, [2]);
  lost.reached(0, [2, 3]);
  expect(told).toEqual(['Replica 2 is reached again.']);
});

it('a link that comes and goes without a word is back without a word', () => {
  const { lost, told } = watched();
  for (let nth = 0; nth < 3; nth++) {
    lost.reached(0, [2]);
    lost.reached(0, []);
  }
  expect(told).toEqual([]);
  lost.lost(0, 2);
  lost.lost(0, 2);
  lost.reached(0, [2]);
  lost.reached(0, []);
  lost.reached(0, [2]);
  expect(told).toHaveLength(1);
});
