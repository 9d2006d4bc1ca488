/** Short histories for tests, as words. */
import type { Operation } from './operation.js';

/** In place of an output: FAILED or UNKNOWN. */
export type Row = readonly [
  process: number,
  command: string,
  input: unknown,
  output: unknown,
  invoked: number,
  returned: number,
];

export const FAILED = Symbol('failed');
export const UNKNOWN = Symbol('unknown');

export function operationsFrom(rows: readonly Row[]): Operation[] {
  return rows.map(([process, command, input, output, invoked, returned], at) => {
    const outcome = output === FAILED ? 'fail' : output === UNKNOWN ? 'info' : 'ok';
    const ok = outcome === 'ok';
    return {
      ...{ process, command, input, outcome, invoked, line: at + 1 },
      output: ok ? output : undefined,
      returned: ok ? returned : Infinity,
    };
  });
}
