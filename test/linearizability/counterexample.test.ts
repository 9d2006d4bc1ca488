import { describe, expect, it } from 'vitest';
import { checkLinearizable } from './checker.js';
import { counters } from './models/counters.js';
import { registers } from './models/registers.js';
import { operationsFrom, type Row } from './operations.js';

const x = { key: 'x' };
const set = (value: unknown): object => ({ key: 'x', value });

describe('a counterexample', () => {
  it('is as small as the contradiction, and says what happened, where in the file and which states there could be', () => {
    const noise = Array.from({ length: 40 }, (_, at): Row => [5, 'read', x, null, at, at + 0.5]);
    const verdict = checkLinearizable(
      registers,
      operationsFrom([
        ...noise,
        [0, 'write', set(1), null, 100, 101],
        [2, 'write', { key: 'other', value: 1 }, null, 100, 110],
        [0, 'write', set(2), null, 102, 103],
        [1, 'read', x, 1, 104, 105],
        [1, 'read', x, 2, 106, 107],
      ]),
    );
    if (verdict.verdict !== 'not linearizable') throw new Error(verdict.words);
    expect(verdict.counterexample.core.map(({ line }) => line)).toEqual([41, 43, 44]);
    expect(verdict.words).toContain('line 44, process 1: read {"key":"x"} -> 1');
    expect(verdict.words).toContain('the state could be {"x": 2}');
  });

  it('says so where something was read that was never there', () => {
    const verdict = checkLinearizable(
      registers,
      operationsFrom([
        [0, 'write', set(1), null, 0, 1],
        [1, 'read', x, 7, 2, 3],
      ]),
    );
    expect(verdict.words).toContain('What (line 2, process 1: read {"key":"x"} -> 7) found was never there');
  });

  it('is not made up where the budget ends first', () => {
    const add = (by: number): object => ({ key: 'x', by });
    const rows = Array.from({ length: 40 }, (_, at): Row => [at, 'add', add(2 ** at), null, 0, 1000 + at]);
    const operations = operationsFrom([...rows, [99, 'read', x, 0.5, 500, 600]]);
    const { verdict, words } = checkLinearizable(counters, operations, { stepsMax: 10_000 });
    expect(verdict).toBe('budget exceeded');
    expect(words).toMatch(/^Not decided after \d+ steps: 41 operations on x\./);
  });
});
