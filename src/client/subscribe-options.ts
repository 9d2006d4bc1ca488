/** What `subscribe` was given, with defaults. Callers without types get a sentence, too. */
import { z } from 'zod';
import { PsmrError } from '../errors.js';
import { TOPICS_MAX, WINDOW_BYTES_MIN } from '../transport/subscription-frames.js';

const BUFFER_BYTES = 1 << 20;

const place = z.tuple([z.number(), z.number()]).readonly().nullable();
const topics = z.array(z.string()).readonly().default([]);
const schema = z.strictObject({
  keys: topics,
  prefixes: topics,
  after: z.array(place).readonly().optional(),
  bufferBytes: z.int().min(WINDOW_BYTES_MIN).default(BUFFER_BYTES),
});

export type CheckedSubscribeOptions = z.infer<typeof schema>;

/** Throws INVALID_ARGUMENT. */
export function checkedSubscribeOptions(options: unknown): CheckedSubscribeOptions {
  const { data, error } = schema.safeParse(options);
  if (data === undefined) {
    const [issue] = error.issues;
    const field = issue?.path.join('.') ?? '';
    throw wrong(`${field === '' ? 'its options' : field}: ${issue?.message ?? 'not accepted'}`);
  }
  const count = data.keys.length + data.prefixes.length;
  if (count === 0 || count > TOPICS_MAX) throw wrong(`${count} keys and prefixes were given: give 1 to ${TOPICS_MAX}`);
  return data;
}

function wrong(what: string): PsmrError {
  const accepted = '{ keys, prefixes, after, bufferBytes }: lists of strings, a position, a whole number';
  return new PsmrError('INVALID_ARGUMENT', `subscribe: ${what}. It accepts ${accepted}.`);
}
