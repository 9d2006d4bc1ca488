/** Values of options as they come from a command line. The message of each schema says what it accepts. */
import { z } from 'zod';
import { PsmrError } from '../../src/errors.js';

export function wholeNumber(min: number, max: number): z.ZodType<number> {
  const accepts = `a whole number from ${min} to ${max}`;
  return number(accepts).pipe(z.number(accepts).int(accepts).min(min, accepts).max(max, accepts));
}

/** A number from 0 to `max`, or to just below it. */
export function share(max: number, withMax: boolean): z.ZodType<number> {
  const accepts = `a number from 0 to ${withMax ? '' : 'below '}${max}`;
  return decimal(0, max, accepts).refine((value) => withMax || value < max, accepts);
}

export function decimal(min: number, max: number, accepts: string): z.ZodType<number> {
  return number(accepts).pipe(z.number(accepts).min(min, accepts).max(max, accepts));
}

/** Number('') is 0: an empty text must not pass for one. */
function number(accepts: string): z.ZodType<number> {
  return z.union([z.number(), z.string().regex(/\S/).transform(Number)], accepts);
}

export function wordOf<const W extends string>(words: readonly W[]): z.ZodType<W> {
  return z.enum(words, `one of ${words.join(', ')}`);
}

/** Comma-separated text, or a list; each item once, at least one. */
export function commaList<T>(item: z.ZodType<T>): z.ZodType<T[]> {
  return z
    .preprocess(
      (value) => (typeof value === 'string' ? value.split(',').map((each) => each.trim()) : value),
      z.array(item),
    )
    .refine((items) => items.length > 0 && new Set(items).size === items.length, 'a list without repetition');
}

export const replicaUrl: z.ZodType<string> = z.url({ protocol: /^wss?$/, error: 'ws:// or wss:// addresses' });

/** An option as it is typed; its name in the program is camelCase. */
export function flag(option: string): string {
  return `--${option.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** What a schema of options makes of them. Throws INVALID_ARGUMENT, naming the option, what was found and what it accepts. */
export function parseOptions<T>(schema: z.ZodType<T>, values: Readonly<Record<string, unknown>>): T {
  const parsed = schema.safeParse(values);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const option = String(issue?.path[0] ?? '');
  const what = `found '${String(values[option])}'; accepts ${issue?.message ?? 'something else'}`;
  throw new PsmrError('INVALID_ARGUMENT', `${flag(option)}: ${what}.`);
}
