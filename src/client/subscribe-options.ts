/** What `subscribe` was given, with defaults. Callers without types get a sentence, too. */
import { PsmrError } from '../errors.js';
import { fieldsOnly, list, nullable, number, optional, otherwise, pair, ShapeError, text, whole } from '../shape.js';
import { TOPICS_MAX, WINDOW_BYTES_MIN } from '../transport/subscription-frames.js';

const BUFFER_BYTES = 1 << 20;

const topics = otherwise(list(text()), () => []);
const check = fieldsOnly({
  keys: topics,
  prefixes: topics,
  after: optional(list(nullable(pair(number, number)))),
  bufferBytes: otherwise(whole(WINDOW_BYTES_MIN), () => BUFFER_BYTES),
});

export type CheckedSubscribeOptions = Readonly<ReturnType<typeof check>>;

/** Throws INVALID_ARGUMENT. */
export function checkedSubscribeOptions(options: unknown): CheckedSubscribeOptions {
  const data = shaped(options);
  const count = data.keys.length + data.prefixes.length;
  if (count === 0 || count > TOPICS_MAX) throw wrong(`${count} keys and prefixes were given: give 1 to ${TOPICS_MAX}`);
  return data;
}

function shaped(options: unknown): CheckedSubscribeOptions {
  try {
    return check(options, '');
  } catch (thrown) {
    if (!(thrown instanceof ShapeError)) throw thrown;
    throw wrong(`${thrown.path === '' ? 'its options' : thrown.path}: ${thrown.message}`);
  }
}

function wrong(what: string): PsmrError {
  const accepted = '{ keys, prefixes, after, bufferBytes }: lists of strings, a position, a whole number';
  return new PsmrError('INVALID_ARGUMENT', `subscribe: ${what}. It accepts ${accepted}.`);
}
