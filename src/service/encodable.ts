/** What MessagePack carries unchanged, and the error for the rest: the careful look at values that are not plain data. */
import { messageOf, PsmrError } from '../errors.js';
import { ignoreRejection } from './promises.js';

const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;
const PATH_LENGTH_MAX = 100;

/** Objects whose content is out of reach: msgpackr would write them as empty objects. */
const OPAQUE: readonly (new (...args: never[]) => object)[] = [
  Promise,
  WeakMap,
  WeakSet,
  WeakRef,
  SharedArrayBuffer,
  Number,
  String,
  Boolean,
];

export function fitsMessagePack(value: bigint): boolean {
  return value >= INT64_MIN && value <= UINT64_MAX;
}

/** Throws VALUE_NOT_ENCODABLE, naming the place inside the value, where encoding would fail or lose something. */
export function checkEncodable(value: unknown, depthMax: number, path = ''): void {
  switch (typeof value) {
    case 'function':
      throw notEncodable(path, 'a function');
    case 'symbol':
      throw notEncodable(path, 'a symbol');
    case 'bigint':
      if (!fitsMessagePack(value)) throw notEncodable(path, 'an integer beyond 64 bits');
      return;
    case 'string':
      if (!value.isWellFormed()) throw notEncodable(path, 'a string with half a surrogate pair');
      return;
    case 'object':
      if (value === null || ArrayBuffer.isView(value)) return;
      if (depthMax <= 0) throw notEncodable(path, 'a cycle, or more levels than are allowed (100)');
      checkObject(value, depthMax - 1, path);
      return;
    default:
      return;
  }
}

function checkObject(value: object, depthMax: number, path: string): void {
  const opaque = OPAQUE.find((kind) => value instanceof kind);
  if (opaque === Promise) ignoreRejection(value);
  if (opaque !== undefined) throw notEncodable(path, `a ${opaque.name} object`);
  if (Array.isArray(value)) {
    value.forEach((item, at) => checkEncodable(item, depthMax, `${path}[${at}]`));
  } else if (value instanceof Set) {
    for (const item of value) checkEncodable(item, depthMax, `${path}.<item>`);
  } else if (value instanceof Map) {
    for (const [key, item] of value) checkProperty(key, item, depthMax, path);
  } else {
    for (const [key, item] of Object.entries(value)) checkProperty(key, item, depthMax, path);
  }
}

function checkProperty(key: unknown, item: unknown, depthMax: number, path: string): void {
  if (typeof key !== 'string') throw notEncodable(path, 'a Map with keys that are no strings (store [...map] instead)');
  if (key === '__proto__') throw notEncodable(path, "a property called '__proto__'");
  if (!key.isWellFormed()) throw notEncodable(path, 'a property whose name has half a surrogate pair');
  checkEncodable(item, depthMax, `${path}.${key}`);
}

export function notEncodable(path: string, what: string, cause?: unknown): PsmrError {
  const trimmed = path.replace(/^\./, '');
  const shown = trimmed.length > PATH_LENGTH_MAX ? `${trimmed.slice(0, PATH_LENGTH_MAX)}...` : trimmed;
  const where = shown === '' ? '' : ` at '${shown}'`;
  const why = cause === undefined ? '' : ` (${messageOf(cause)})`;
  return new PsmrError(
    'VALUE_NOT_ENCODABLE',
    `The value holds ${what}${where}${why}, which cannot be stored or sent. ` +
      'Use plain objects, arrays, strings, numbers, bytes, dates and sets.',
    cause === undefined ? {} : { cause },
  );
}
