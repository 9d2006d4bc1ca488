import { PsmrError } from '../../src/errors.js';

/** Code and sentence of the PsmrError that a function throws, or of one that was caught; anything else is thrown on. */
export function codeAndMessage(source: (() => unknown) | Error): [code: string, message: string] {
  const thrown = source instanceof Error ? source : thrownBy(source);
  if (thrown instanceof PsmrError) return [thrown.code, thrown.message];
  throw new Error('it threw something else', { cause: thrown });
}

function thrownBy(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}
