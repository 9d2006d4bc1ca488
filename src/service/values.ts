/**
 * Values as partitions store them. Whatever a handler reads must be the same on every replica, also where the value has
 * gone through a log, a rendezvous or a checkpoint (MessagePack each time), and no handler may change it in place:
 *
 *   primitives                         as they are
 *   plain objects and arrays of such   deeply frozen, as they are
 *   anything else msgpackr carries     as MessagePack bytes; each read decodes a copy of its own
 */
import { messageOf, PsmrError } from '../errors.js';
import { decodeValue, encodeValue } from '../execution/command-batch.js';

/** A value that no plain object can stand for (Date, Map, Set, typed array, class instance, ...). */
export class EncodedValue {
  constructor(readonly bytes: Uint8Array) {}
}

/** A stored value: a primitive, a deeply frozen plain value, a private copy of bytes, or an EncodedValue. */
export type Stored = unknown;

const DEPTH_MAX = 100;
const INT64_MIN = -(2n ** 63n);
const UINT64_MAX = 2n ** 64n - 1n;

/** Prepares a value for `state.set`. Throws VALUE_NOT_ENCODABLE. */
export function normalizeValue(value: unknown): Stored {
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw notEncodable('', 'a string with half a surrogate pair');
  }
  if (typeof value === 'number') return value === 0 ? 0 : value;
  if (typeof value !== 'object' || value === null) return normalizePrimitive(value);
  if (isBytes(value)) return Uint8Array.from(value);
  if (isPlain(value, '', 0)) {
    freezeDeep(value);
    return value;
  }
  return new EncodedValue(encodeExotic(value));
}

/** What a handler gets for a stored value. */
export function readStored(stored: Stored): unknown {
  if (typeof stored !== 'object' || stored === null) return stored;
  if (stored instanceof EncodedValue) return decodeValue(stored.bytes);
  if (stored instanceof Uint8Array) return stored.slice();
  return stored;
}

/** What stands for a stored value in MessagePack; `decodeStored` is its inverse. */
export function encodableStored(stored: Stored): unknown {
  return stored instanceof EncodedValue ? decodeValue(stored.bytes) : stored;
}

/** A stored value from what MessagePack decoding gave; it is the caller's own and needs no check. */
export function decodeStored(value: unknown): Stored {
  if (typeof value !== 'object' || value === null) return value;
  return normalizeValue(value);
}

/** A handler's result as it will be encoded. Throws VALUE_NOT_ENCODABLE. */
export function checkResult(value: unknown): unknown {
  if (typeof value === 'string') {
    if (value.isWellFormed()) return value;
    throw notEncodable('', 'a string with half a surrogate pair');
  }
  if (typeof value !== 'object' || value === null) return normalizePrimitive(value);
  if (isBytes(value) || isPlain(value, '', 0)) return value;
  return decodeValue(encodeExotic(value));
}

function normalizePrimitive(value: unknown): unknown {
  checkPrimitive(value, '');
  return typeof value === 'number' && value === 0 ? 0 : value;
}

function checkPrimitive(value: unknown, path: string): void {
  switch (typeof value) {
    case 'function':
      throw notEncodable(path, 'a function');
    case 'symbol':
      throw notEncodable(path, 'a symbol');
    case 'bigint':
      if (value < INT64_MIN || value > UINT64_MAX) throw notEncodable(path, 'an integer beyond 64 bits');
      return;
    case 'string':
      if (!value.isWellFormed()) throw notEncodable(path, 'a string with half a surrogate pair');
      return;
    default:
      return;
  }
}

function isBytes(value: object): value is Uint8Array {
  return value instanceof Uint8Array;
}

/** Whether a value is plain data all through; throws for what cannot be encoded at all. */
function isPlain(value: object, path: string, depth: number): boolean {
  if (depth > DEPTH_MAX) throw notEncodable(path.slice(0, 60), `nesting deeper than ${DEPTH_MAX} levels (or a cycle)`);
  if (Array.isArray(value)) return isPlainArray(value, path, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    checkInside(value, path, depth);
    return false;
  }
  let plain = prototype !== null && Object.getOwnPropertySymbols(value).length === 0;
  for (const [key, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (key === '__proto__' || !('value' in descriptor) || descriptor.enumerable !== true) plain = false;
    else if (!key.isWellFormed()) throw notEncodable(`${path}.${key}`, 'a name with half a surrogate pair');
    else if (!isPlainItem(descriptor.value, `${path}.${key}`, depth)) plain = false;
  }
  return plain;
}

function isPlainArray(value: readonly unknown[], path: string, depth: number): boolean {
  let plain = Object.keys(value).length === value.length;
  for (let at = 0; at < value.length; at++) if (!isPlainItem(value[at], `${path}[${at}]`, depth)) plain = false;
  return plain;
}

function isPlainItem(item: unknown, path: string, depth: number): boolean {
  if (typeof item === 'object' && item !== null) {
    // Bytes cannot be frozen, so what holds them is not plain.
    return isBytes(item) ? false : isPlain(item, path, depth + 1);
  }
  checkPrimitive(item, path);
  return !(typeof item === 'number' && Object.is(item, -0));
}

/** Looks for what cannot be encoded inside a Map, a Set or a class instance. */
function checkInside(value: object, path: string, depth: number): void {
  if (ArrayBuffer.isView(value) || value instanceof Date || value instanceof RegExp || value instanceof Error) return;
  const items = value instanceof Map ? [...value.keys(), ...value.values()] : value instanceof Set ? [...value] : null;
  for (const item of items ?? (Object.values(value) as unknown[])) isPlainItem(item, `${path}.?`, depth);
}

function encodeExotic(value: object): Uint8Array {
  try {
    return Uint8Array.from(encodeValue(value));
  } catch (error) {
    throw notEncodable('', `${value.constructor.name} (${messageOf(error)})`);
  }
}

function freezeDeep(value: object): void {
  if (Object.isFrozen(value) && value !== Object(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value) as unknown[]) {
    if (typeof item === 'object' && item !== null) freezeDeep(item);
  }
}

function notEncodable(path: string, what: string): PsmrError {
  const where = path === '' ? '' : ` at '${path.replace(/^\./, '')}'`;
  return new PsmrError(
    'VALUE_NOT_ENCODABLE',
    `The value holds ${what}${where}, which cannot be stored or sent. Use plain objects, arrays, strings, numbers, ` +
      'bytes, dates, maps and sets.',
  );
}
