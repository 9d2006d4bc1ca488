/**
 * Values as partitions store them. Whatever a handler reads must be the same on every replica, also where the value has
 * gone through a log, a rendezvous or a checkpoint (MessagePack each time), and no handler may change it in place:
 *
 *   primitives                                           as they are
 *   plain objects and arrays of such                     a deeply frozen copy
 *   bytes                                                a private copy, copied again at each read
 *   what holds dates, sets, bytes, typed arrays, errors  as MessagePack bytes; each read decodes a copy of its own
 *
 * What else msgpackr can encode becomes what it decodes to, at once and not only after a restart: a class instance and
 * a Map are plain objects then. What it cannot encode, or would silently change, is refused.
 */
import { decodeValue, encodeValue } from '../execution/command-batch.js';
import { SHORT_TEXT_MAX } from '../execution/short-texts.js';
import { checkEncodable, fitsMessagePack, notEncodable } from './encodable.js';
import { ownText } from './own-text.js';
import { checkSize } from './value-size.js';

/** A value that no frozen plain object can stand for (it holds dates, sets, bytes, ...). */
export class EncodedValue {
  constructor(readonly bytes: Uint8Array) {}
}

/** A stored value: a primitive, a deeply frozen plain value, a private copy of bytes, or an EncodedValue. */
export type Stored = unknown;

/** Deeper values, cycles among them, are refused. */
const DEPTH_MAX = 100;

const NOT_PLAIN = Symbol('not plain');

/** Prepares a value for `state.set`. Throws VALUE_NOT_ENCODABLE. */
export function normalizeValue(value: unknown): Stored {
  return normalized(value, true);
}

function normalized(value: unknown, kept: boolean): Stored {
  const copy = plainCopy(value, 0, kept);
  const stored = copy === NOT_PLAIN ? normalizeUnusual(value) : copy;
  checkSize(stored);
  return stored;
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

/** A stored value from what MessagePack decoding gave: it is the caller's own, is frozen in place and needs no check. */
export function decodeStored(value: unknown): Stored {
  if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
  return freezePlain(value) ? value : new EncodedValue(Uint8Array.from(encodeValue(value)));
}

/** A handler's result as it will be encoded: a copy, so that later commands cannot change it. Throws VALUE_NOT_ENCODABLE. */
export function checkResult(value: unknown): unknown {
  return encodableStored(normalized(value, false));
}

/**
 * A frozen copy of plain data; NOT_PLAIN where it holds anything that needs a closer look. `kept`: it goes into a partition.
 * Hot: no paths, no checks twice.
 */
function plainCopy(value: unknown, depth: number, kept: boolean): unknown {
  switch (typeof value) {
    case 'string':
      if (!value.isWellFormed()) return NOT_PLAIN;
      // A short one that is all of an argument is cut from a few hundred bytes at most: a copy would cost more.
      return kept && (depth > 0 || value.length > SHORT_TEXT_MAX) ? ownText(value) : value;
    case 'number':
      // MessagePack has no -0.
      return value === 0 ? 0 : value;
    case 'object':
      if (value === null) return null;
      if (depth >= DEPTH_MAX) return NOT_PLAIN;
      return Array.isArray(value) ? copyArray(value, depth + 1, kept) : copyObject(value, depth + 1, kept);
    case 'bigint':
      return fitsMessagePack(value) ? value : NOT_PLAIN;
    case 'boolean':
    case 'undefined':
      return value;
    default:
      return NOT_PLAIN;
  }
}

function copyArray(value: readonly unknown[], depth: number, kept: boolean): unknown {
  if (Object.getPrototypeOf(value) !== Array.prototype) return NOT_PLAIN;
  const copy: unknown[] = [];
  for (let at = 0; at < value.length; at++) {
    const item = plainCopy(value[at], depth, kept);
    if (item === NOT_PLAIN) return NOT_PLAIN;
    copy.push(item);
  }
  return Object.freeze(copy);
}

function copyObject(value: object, depth: number, kept: boolean): unknown {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return NOT_PLAIN;
  // The copy has data properties only: an accessor could answer differently at each read.
  const copy: Record<string, unknown> = { ...value };
  if (Object.getOwnPropertySymbols(copy).length > 0) return NOT_PLAIN;
  for (const key of Object.keys(copy)) {
    if (key === '__proto__' || key === 'toJSON' || !key.isWellFormed()) return NOT_PLAIN;
    const item = copy[key];
    const itemCopy = plainCopy(item, depth, kept);
    if (itemCopy === NOT_PLAIN) return NOT_PLAIN;
    // Equal texts need not be the same one, nor equal zeros.
    if ((kept && typeof item === 'string') || itemCopy !== item || itemCopy === 0) copy[key] = itemCopy;
  }
  return Object.freeze(copy);
}

function normalizeUnusual(value: unknown): Stored {
  checkEncodable(value, DEPTH_MAX);
  if (value instanceof Uint8Array) return Uint8Array.from(value);
  let decoded: unknown;
  try {
    decoded = decodeValue(encodeValue(value));
  } catch (error) {
    throw notEncodable('', 'something that MessagePack cannot carry', error);
  }
  return decodeStored(decoded);
}

/** Freezes what decoding gave as far as it is plain; false: it holds something that cannot be frozen. */
function freezePlain(value: object): boolean {
  if (!Array.isArray(value) && Object.getPrototypeOf(value) !== Object.prototype) return false;
  const items: readonly unknown[] = Array.isArray(value) ? value : Object.values(value);
  for (const item of items) {
    if (typeof item === 'object' && item !== null && !freezePlain(item)) return false;
  }
  Object.freeze(value);
  return true;
}
