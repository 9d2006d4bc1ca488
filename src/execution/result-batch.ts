import { codeOfFailure, type PsmrError } from '../errors.js';
import { encodeReplyFrame, FrameKind } from '../transport/frames.js';
import { encodeValue } from './command-batch.js';
import { ResultAllowance, resultDropped } from './result-allowance.js';
import { splitValues } from './short-texts.js';

/** The results of consecutive commands: values by position, and beside them the few that failed. */
export class ResultBatch {
  readonly values: unknown[] = [];
  /** position, code, message of each failed command, flat. */
  readonly errors: (number | string)[] = [];
  readonly #allowance: ResultAllowance;

  /** `allowance`: shared with the other batches of a run. */
  constructor(allowance = new ResultAllowance()) {
    this.#allowance = allowance;
  }

  succeed(value: unknown): void {
    if (this.#allowance.take(value)) this.values.push(value);
    else this.fail(resultDropped());
  }

  fail(thrown: unknown): void {
    this.errors.push(this.values.length, codeOfFailure(thrown), this.#allowance.sentenceOf(thrown));
    this.values.push(null);
  }

  get failed(): number {
    return this.errors.length / 3;
  }

  encode(group: number, firstSequence: number, flags: number): Uint8Array {
    const { values, short } = splitValues(this.values);
    return encodeReplyFrame({
      kind: FrameKind.results,
      flags,
      group,
      count: this.values.length,
      firstSequence,
      body: encodeValue([values, this.errors, ...short]),
    });
  }
}

/** The reply to a frame whose commands were not executed. NOT_LEADER brings the leader's number along (0: not known). */
export function encodeRejection(
  error: PsmrError,
  group: number,
  firstSequence: number,
  count: number,
  flags: number,
): Uint8Array {
  const { code, message, details } = error;
  const { leader } = details;
  const body = encodeValue(typeof leader === 'number' ? { code, message, leader } : [code, message]);
  return encodeReplyFrame({ kind: FrameKind.rejected, flags, group, count, firstSequence, body });
}
