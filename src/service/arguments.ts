/**
 * What a command's arguments may be: what arrives in the handler as it left the caller. MessagePack would change the
 * rest without a word (a class instance and a Map become plain objects, half a surrogate pair another character), lose
 * it (a promise becomes an empty object) or fail late and say less. -0 alone is sent, and arrives as 0.
 */
import { PsmrError } from '../errors.js';

/** Deeper arguments, cycles among them, are refused. */
const DEPTH_MAX = 100;
const PATH_LENGTH_MAX = 100;
/** Objects other than plain ones, arrays and views of bytes that arrive as what they were. */
const CARRIED: readonly (new (...args: never[]) => object)[] = [Date, Set, RegExp, Error, ArrayBuffer];

/** Throws INVALID_ARGUMENTS, naming the place inside the arguments, where they would not arrive as they are. */
export function checkArguments(command: string, args: unknown): void {
  if (!isPlain(args, 0)) checkValue(command, args, '', 0);
}

/** Whether a value is plain data throughout. Hot: every command of every client passes here. */
function isPlain(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case 'number':
    case 'boolean':
    case 'undefined':
    case 'bigint':
      return true;
    case 'string':
      return value.isWellFormed();
    case 'object':
      if (value === null) return true;
      if (depth >= DEPTH_MAX) return false;
      return Array.isArray(value) ? isPlainArray(value, depth + 1) : isPlainObject(value, depth + 1);
    default:
      return false;
  }
}

function isPlainArray(value: readonly unknown[], depth: number): boolean {
  for (let at = 0; at < value.length; at++) if (!isPlain(value[at], depth)) return false;
  return true;
}

function isPlainObject(value: object, depth: number): boolean {
  // The constructor alone could lie; reading it first makes the prototype known to the compiler.
  if (value.constructor !== Object || Object.getPrototypeOf(value) !== Object.prototype)
    return value.constructor === Uint8Array || isBuffer(value);
  for (const key in value) {
    if (key === '__proto__' || !key.isWellFormed()) return false;
    const item = (value as Record<string, unknown>)[key];
    // Most are strings and numbers: not worth a call.
    if (typeof item === 'number') continue;
    if (typeof item === 'string' ? !item.isWellFormed() : !isPlain(item, depth)) return false;
  }
  return true;
}

function isBuffer(value: object): boolean {
  return typeof Buffer !== 'undefined' && value.constructor === Buffer;
}

function checkValue(command: string, value: unknown, path: string, depth: number): void {
  if (typeof value === 'function') throw invalid(command, path, 'a function');
  if (typeof value === 'symbol') throw invalid(command, path, 'a symbol');
  if (typeof value === 'string' && !value.isWellFormed())
    throw invalid(command, path, 'a string with half a surrogate pair');
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return;
  if (depth >= DEPTH_MAX) throw invalid(command, path, `a cycle, or more than ${DEPTH_MAX} levels`);
  if (Array.isArray(value)) value.forEach((item, at) => checkValue(command, item, `${path}[${at}]`, depth + 1));
  else if (value instanceof Set) for (const item of value) checkValue(command, item, `${path}.<item>`, depth + 1);
  else if (!CARRIED.some((kind) => value instanceof kind)) checkObject(command, value, path, depth + 1);
}

function checkObject(command: string, value: object, path: string, depth: number): void {
  if (value instanceof Map) throw invalid(command, path, 'a Map (send [...map], or Object.fromEntries(map))');
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object may be of another realm, whose Object is not this one's.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw invalid(command, path, `an instance of ${value.constructor.name} (send a plain object)`);
  for (const [key, item] of Object.entries(value)) {
    if (key === '__proto__') throw invalid(command, path, "a property called '__proto__'");
    if (!key.isWellFormed()) throw invalid(command, path, 'a property whose name has half a surrogate pair');
    checkValue(command, item, `${path}.${key}`, depth);
  }
}

function invalid(command: string, path: string, what: string): PsmrError {
  const full = path.replace(/^\./, '');
  const shown = full.length > PATH_LENGTH_MAX ? `${full.slice(0, PATH_LENGTH_MAX)}...` : full;
  const where = shown === '' ? '' : ` at '${shown}'`;
  return new PsmrError(
    'INVALID_ARGUMENTS',
    `The arguments of command '${command}' hold ${what}${where}, which would not arrive as it is. ` +
      'Use plain objects, arrays, strings, numbers, bytes, dates and sets.',
    { details: { command, path: shown } },
  );
}
