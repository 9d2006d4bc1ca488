/** Histories of which anyone can see whether they are right, as tests: both checkers must say so. */
import { expect, it } from 'vitest';
import { linearizableByBruteForce } from './brute-force.js';
import { checkLinearizable } from './checker.js';
import type { Model } from './model.js';
import { operationsFrom, type Row } from './operations.js';

interface Case {
  readonly name: string;
  readonly rows: readonly Row[];
}

export function cases<State, Call>(model: () => Model<State, Call>, right: boolean, given: readonly Case[]): void {
  it.each(given)('$name', ({ rows }) => {
    const operations = operationsFrom(rows);
    const verdict = checkLinearizable(model(), operations);
    expect(verdict.verdict, verdict.words).toBe(right ? 'ok' : 'not linearizable');
    expect(linearizableByBruteForce(model(), operations)).toBe(right);
  });
}
