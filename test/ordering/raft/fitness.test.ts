import { describe, expect, it } from 'vitest';
import { Fitness, isBehind } from '../../../src/ordering/raft/fitness.js';
import type { LoggedEntry } from '../../../src/ordering/raft/raft-log.js';

/** A log with an entry every so many ms, up to index 1000. */
function every(ms: number): Parameters<typeof isBehind>[0] {
  const at = (index: number): LoggedEntry => ({ entry: { timestampMs: index * ms } }) as LoggedEntry;
  return { timestampMs: 1000 * ms, at };
}

describe('a replica is behind', () => {
  it('where it has many entries of a longer time to execute', () => {
    expect(isBehind(every(10), 900, 1000)).toBe(true);
  });

  it('where it has very many, whatever their times: a clock may have been set back', () => {
    expect(isBehind(every(0), 1, 5000)).toBe(true);
  });

  it.each([
    ['as many as come in half a second under load', every(1), 900],
    ['a few, of however long a time', every(100_000), 990],
    ['none', every(10), 1001],
    ['a thousand of one moment', every(0), 1],
  ])('not where it has %s', (_, log, next) => {
    expect(isBehind(log, next, 1000)).toBe(false);
  });
});

describe('a replica is unfit to lead a group', () => {
  it('where the group is behind, of which its other groups hear, or another group of it is or stands still', () => {
    const told: boolean[] = [];
    let [behind, othersBehind, stuck] = [false, false, false];
    const options = { stuck: () => stuck, othersBehind: () => othersBehind, behind: (is: boolean) => told.push(is) };
    const fitness = new Fitness(options, () => behind);
    expect(fitness.look(0)).toBe(false);
    behind = true;
    expect(fitness.look(10)).toBe(false); // that was a moment ago
    expect(fitness.isUnfit()).toBe(true);
    expect(fitness.look(260)).toBe(true);
    behind = false;
    expect(fitness.look(520)).toBe(false);
    othersBehind = true;
    expect(fitness.look(780)).toBe(true);
    othersBehind = false;
    expect(fitness.look(1040)).toBe(false);
    stuck = true;
    expect(fitness.look(1300)).toBe(true);
    expect(told).toEqual([true, false]);
  });
});
