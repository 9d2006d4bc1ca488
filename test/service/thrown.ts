import { PsmrError } from '../../src/errors.js';

/** Code and sentence of a PsmrError, given or thrown by a function; anything else is thrown on. */
export function codeAndMessage(source: unknown): [code: string, message: string] {
  let thrown = source;
  if (typeof source === 'function') {
    try {
      source();
    } catch (error) {
      thrown = error;
    }
  }
  if (thrown instanceof PsmrError) return [thrown.code, thrown.message];
  if (typeof source === 'function' && thrown === source) throw new Error('nothing was thrown');
  throw thrown;
}
