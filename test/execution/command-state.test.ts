import { expect, it } from 'vitest';
import type { DeclaredKeys } from '../../src/classifier/classify.js';
import { CommandState } from '../../src/execution/command-state.js';
import { PsmrError } from '../../src/errors.js';

const EMPTY = { get: () => undefined, has: () => false };

function stateOf(keys: DeclaredKeys): CommandState {
  const state = new CommandState();
  const hashes = keys.read.map((_, at) => at);
  state.begin('move', EMPTY, keys, hashes, 0);
  return state;
}

function errorOf(use: () => unknown): string {
  try {
    use();
  } catch (error) {
    if (error instanceof PsmrError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'none';
}

const BOTH: DeclaredKeys = { read: ['from', 'to'], write: ['to'] };

it.each<[what: string, keys: DeclaredKeys, use: (state: CommandState) => unknown, said: RegExp]>([
  ['a write of a key to read', BOTH, (state) => state.set('from', 1), /^UNDECLARED_KEY .*'from'.* in 'read' alone/],
  ['a read of no key at all', BOTH, (state) => state.get('x'), /^UNDECLARED_KEY .*'x'.* did not declare.*'read' list/],
  ['a write of none', BOTH, (state) => state.delete('x'), /^UNDECLARED_KEY .*'x'.* did not declare.*'write' list/],
  [
    'a write where all keys are to read',
    { read: ['a'], write: [] },
    (state) => state.set('a', 1),
    /^READ_ONLY .*'a'.*declare the key in 'write'/,
  ],
])('%s is refused, and the error says what to declare', (_, keys, use, said) => {
  expect(errorOf(() => use(stateOf(keys)))).toMatch(said);
  expect(errorOf(() => use(stateOf(keys)))).toContain("'move'");
});

it('what is declared is read and written', () => {
  const state = stateOf(BOTH);
  state.set('to', 5);
  expect([state.get('from'), state.get('to'), state.has('to')]).toEqual([undefined, 5, true]);
});
