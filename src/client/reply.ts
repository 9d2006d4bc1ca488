/** A reply frame with its MessagePack body read and checked. */
import { errorFromWire, messageOf, type PsmrError } from '../errors.js';
import { decodeValue } from '../execution/command-batch.js';
import { readValues } from '../execution/short-texts.js';
import { badFrame, decodeReplyFrame, FLAG_READ_ONLY, FrameKind } from '../transport/frames.js';

export interface CommandFailure {
  readonly position: number;
  readonly error: PsmrError;
}

interface ReplyRange {
  readonly group: number;
  readonly readOnly: boolean;
  readonly firstSequence: number;
  readonly count: number;
}

export interface Results extends ReplyRange {
  readonly kind: 'results';
  readonly values: readonly unknown[];
  readonly failures: readonly CommandFailure[];
}

export interface Rejection extends ReplyRange {
  readonly kind: 'rejected';
  readonly error: PsmrError;
  /** With NOT_LEADER: the replica that leads; 0: not told. */
  readonly leader: number;
}

export type Reply = Results | Rejection;

/** Throws BAD_FRAME. */
export function decodeReply(bytes: Uint8Array): Reply {
  const frame = decodeReplyFrame(bytes);
  const body = unpack(frame.body);
  const range = {
    group: frame.group,
    readOnly: (frame.flags & FLAG_READ_ONLY) !== 0,
    firstSequence: frame.firstSequence,
    count: frame.count,
  };
  if (frame.kind === FrameKind.rejected) return { kind: 'rejected', ...range, ...readRejection(body) };
  return { kind: 'results', ...range, ...readResults(body, frame.count) };
}

function readResults(body: unknown, count: number): Pick<Results, 'values' | 'failures'> {
  if (!Array.isArray(body) || (body.length !== 2 && body.length !== 4))
    throw badFrame("a reply's body is not values and errors, nor these with slots and text");
  const [first, errors, ...short] = body as unknown[];
  const values = readValues([first, ...short]);
  if (values?.length !== count) throw badFrame("a reply's values do not fit its count");
  return { values, failures: readFailures(errors, count) };
}

function isPair(body: unknown): body is readonly [unknown, unknown] {
  return Array.isArray(body) && body.length === 2;
}

function unpack(body: Uint8Array): unknown {
  try {
    return decodeValue(body);
  } catch (thrown) {
    throw badFrame(`a reply is not valid MessagePack (${messageOf(thrown)})`);
  }
}

/** A map; of servers that are not replicated also `[code, message]`. */
function readRejection(body: unknown): { error: PsmrError; leader: number } {
  if (isPair(body)) return { error: readError(body[0], body[1]), leader: 0 };
  if (typeof body !== 'object' || body === null) throw badFrame('a rejection is not a map');
  const { code, message, leader = 0 }: { code?: unknown; message?: unknown; leader?: unknown } = body;
  if (typeof leader !== 'number' || !Number.isInteger(leader) || leader < 0)
    throw badFrame("a rejection's leader is not the number of a replica");
  return { error: readError(code, message), leader };
}

const NO_SENTENCE =
  'The sentences of the errors in its batch take too much: of this one the code is left. Send fewer at once.';
const NO_FAILURES: readonly CommandFailure[] = [];

function readFailures(errors: unknown, count: number): readonly CommandFailure[] {
  if (!Array.isArray(errors) || errors.length % 3 !== 0) throw badFrame("a reply's errors are not triples");
  if (errors.length === 0) return NO_FAILURES;
  const triples: readonly unknown[] = errors;
  const failures: CommandFailure[] = [];
  for (let i = 0; i < triples.length; i += 3) {
    const position = triples[i];
    if (typeof position !== 'number' || !Number.isInteger(position) || position < 0 || position >= count)
      throw badFrame("an error's position is outside its reply");
    failures.push({ position, error: readError(triples[i + 1], triples[i + 2]) });
  }
  return failures;
}

function readError(code: unknown, message: unknown): PsmrError {
  if (typeof code !== 'string' || typeof message !== 'string') throw badFrame('an error is not code and message');
  return errorFromWire(code, message === '' ? NO_SENTENCE : message);
}
