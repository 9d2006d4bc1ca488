import { messageOf, PsmrError } from '../errors.js';
import { sizeOf, VALUE_BYTES_MAX } from '../service/value-size.js';

/** Of the sentence of what a handler threw. */
const SENTENCE_LENGTH_MAX = 16_384;
/** Of all sentences together. */
const SENTENCES_LENGTH_MAX = 32 << 20;

/**
 * What the results of one frame, or of all frames in one run, may still take together. The results behind those that use
 * it up are dropped; what these commands wrote stays. Of the errors behind those that use up what sentences may take, the
 * codes are left.
 */
export class ResultAllowance {
  #bytes = VALUE_BYTES_MAX;
  #sentences = SENTENCES_LENGTH_MAX;

  /** False: those before have used it up. */
  take(result: unknown): boolean {
    if (this.#bytes <= 0) return false;
    this.#bytes -= typeof result === 'string' ? result.length : sizeOf(result);
    return true;
  }

  /** What is told of what a command threw; nothing where the sentences before it have used up theirs. */
  sentenceOf(thrown: unknown): string {
    if (this.#sentences <= 0) return '';
    const sentence = messageOf(thrown).slice(0, SENTENCE_LENGTH_MAX);
    this.#sentences -= sentence.length;
    return sentence;
  }
}

export function resultDropped(): PsmrError {
  return new PsmrError(
    'RESULT_FORGOTTEN',
    `The command was executed, but the results before it in its batch take ${VALUE_BYTES_MAX} bytes or more. Send fewer such commands at once.`,
  );
}
