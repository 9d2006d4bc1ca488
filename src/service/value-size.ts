/**
 * What a value takes. A few bytes of commands can make gigabytes: without a bound they would fill the memory of the
 * worker, and what it could not encode would end it, again at each replay of the log.
 */
import { PsmrError } from '../errors.js';

/** One value or result: 128 MiB. By its content alone, so that no replica refuses what another has accepted. */
export const VALUE_BYTES_MAX = 128 << 20;

/** In MessagePack, at least; text of other alphabets takes up to three times as much. There must be no cycles in it. */
export function sizeOf(value: unknown): number {
  switch (typeof value) {
    case 'string':
      return value.length + 1;
    case 'number':
    case 'bigint':
      return 9;
    case 'object':
      return value === null ? 1 : sizeOfObject(value);
    default:
      return 1;
  }
}

function sizeOfObject(value: object): number {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return value.byteLength;
  let bytes = 1;
  if (Array.isArray(value) || value instanceof Set) {
    for (const item of value as Iterable<unknown>) bytes += sizeOf(item);
    return bytes;
  }
  // What these hold is in no property that is listed.
  if (value instanceof Date) return 15;
  if (value instanceof Error) return bytes + value.name.length + value.message.length + sizeOf(value.cause);
  if (value instanceof RegExp) return bytes + value.source.length;
  for (const [name, item] of Object.entries(value)) bytes += name.length + sizeOf(item);
  return bytes;
}

/** Throws VALUE_NOT_ENCODABLE. */
export function checkSize(value: unknown): void {
  // Short, so that it is compiled into its callers: most values are small texts and numbers.
  if (typeof value === 'string' ? value.length >= VALUE_BYTES_MAX : typeof value === 'object') checkSizeOf(value);
}

function checkSizeOf(value: unknown): void {
  const bytes = sizeOf(value);
  if (bytes <= VALUE_BYTES_MAX) return;
  throw new PsmrError(
    'VALUE_NOT_ENCODABLE',
    `The value takes ${bytes} bytes or more, ${VALUE_BYTES_MAX} are allowed. Store or return less at a time.`,
  );
}
