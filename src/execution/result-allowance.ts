import { PsmrError } from '../errors.js';
import { sizeOf, VALUE_BYTES_MAX } from '../service/value-size.js';

/**
 * What the results of one frame, or of all frames in one run, may still take together. The results behind those that use
 * it up are dropped; what these commands wrote stays.
 */
export class ResultAllowance {
  #bytes = VALUE_BYTES_MAX;

  /** False: those before have used it up. */
  take(result: unknown): boolean {
    if (this.#bytes <= 0) return false;
    this.#bytes -= typeof result === 'string' ? result.length : sizeOf(result);
    return true;
  }
}

export function resultDropped(): PsmrError {
  return new PsmrError(
    'RESULT_FORGOTTEN',
    `The command was executed, but the results before it in its batch take ${VALUE_BYTES_MAX} bytes or more. Send fewer such commands at once.`,
  );
}
