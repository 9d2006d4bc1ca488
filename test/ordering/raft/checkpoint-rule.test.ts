import { describe, expect, it } from 'vitest';
import { supersedesLog } from '../../../src/ordering/raft/checkpoint-rule.js';
import { logOf } from './single-core.js';

describe('a checkpoint takes the place of a log', () => {
  const log = logOf([1, 1, 2, 2]);
  const at = (index: number, term: number) => ({ index, term, membership: null });

  it('that is shorter', () => {
    expect(supersedesLog(at(5, 3), log, 2)).toBe(true);
  });

  it('that differs where the checkpoint ends', () => {
    expect(supersedesLog(at(4, 3), log, 2)).toBe(true);
  });

  it('but not one that agrees: what follows may have been acknowledged', () => {
    expect(supersedesLog(at(3, 2), log, 2)).toBe(false);
  });

  it('and not one that has it all committed', () => {
    expect(supersedesLog(at(2, 1), log, 2)).toBe(false);
  });
});
