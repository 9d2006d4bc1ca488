/** The conflict classifier (the paper's C-G function): which streams a command touches. */
import { messageOf, PsmrError } from '../errors.js';
import { isEveryKey, type Command, type KeyedCommand, type Keys } from '../service/command.js';
import { maskOfAll, maskOfStream } from '../transport/frame-check.js';
import type { StreamMask } from '../transport/frames.js';
import type { PartitionMap } from './partition-map.js';

const KEYS_PER_COMMAND_MAX = 1024;
const KEY_LENGTH_MAX = 1024;

/** What a command may read and write: it may read what it writes. The two are one list where they hold the same keys. */
export interface DeclaredKeys {
  readonly read: readonly string[];
  readonly write: readonly string[];
}

const NO_KEYS: readonly string[] = [];

/** Calls a command's key function and checks what it returns. Throws INVALID_ARGUMENTS, INVALID_KEYS. */
export function readKeys(name: string, command: KeyedCommand, args: unknown): DeclaredKeys {
  let keys: Keys;
  try {
    keys = command.keys(args);
  } catch (error) {
    throw new PsmrError(
      'INVALID_ARGUMENTS',
      `The arguments of '${name}' do not fit it: its keys function threw "${messageOf(error)}".`,
      { cause: error },
    );
  }
  if (Array.isArray(keys)) {
    checkCount(name, keys.length);
    checkKeys(name, keys);
    const own = copyOf(keys as readonly string[]);
    return { read: own, write: command.readOnly === true ? NO_KEYS : own };
  }
  return readAccess(name, command, keys);
}

function readAccess(name: string, command: KeyedCommand, keys: unknown): DeclaredKeys {
  if (typeof keys !== 'object' || keys === null) throw invalidKeys(name, 'it returned no list');
  const { read = NO_KEYS, write = NO_KEYS } = keys as { read?: readonly string[]; write?: readonly string[] };
  if (!Array.isArray(read) || !Array.isArray(write)) throw invalidKeys(name, "its 'read' and 'write' are not lists");
  checkCount(name, read.length + write.length);
  checkKeys(name, read);
  checkKeys(name, write);
  if (command.readOnly === true && write.length > 0) throw invalidKeys(name, 'it writes keys, but is readOnly');
  if (write.length === 0) return { read: copyOf(read), write: NO_KEYS };
  const own = copyOf(write);
  return { read: read.length === 0 ? own : [...new Set([...copyOf(read), ...own])], write: own };
}

/** The list may be part of the arguments: a handler that sorts these does not change what it has declared. */
function copyOf(keys: readonly string[]): readonly string[] {
  // Most are of one key, for which this is the fastest way.
  return keys.length === 1 ? [keys[0] as string] : [...keys];
}

function checkCount(name: string, count: number): void {
  if (count === 0) throw invalidKeys(name, 'it returned no key at all');
  if (count > KEYS_PER_COMMAND_MAX)
    throw invalidKeys(name, `it returned ${count} keys; ${KEYS_PER_COMMAND_MAX} are allowed`);
}

function checkKeys(name: string, keys: readonly unknown[]): void {
  for (const key of keys) {
    if (key === undefined)
      throw invalidKeys(name, 'it returned undefined for a key, as where an argument is missing or misspelt');
    if (typeof key !== 'string') throw invalidKeys(name, `it returned a key that is no string (${typeof key})`);
    if (key.length > KEY_LENGTH_MAX)
      throw invalidKeys(name, `it returned a key of ${key.length} characters; ${KEY_LENGTH_MAX} are allowed`);
    if (!key.isWellFormed()) throw invalidKeys(name, 'it returned a key with half a surrogate pair');
  }
}

function invalidKeys(name: string, what: string): PsmrError {
  return new PsmrError(
    'INVALID_KEYS',
    `The keys of '${name}' cannot be used: ${what}. A keys function returns strings, or { read, write } lists of them.`,
  );
}

/** Where a command goes: to one stream's group, or to group 0 for the streams of the mask. */
export interface Destination {
  /** 1..K, or 0 for the sync group. */
  readonly group: number;
  readonly mask: StreamMask;
}

/** The masks of single streams and of all, made once per map. */
export class Classifier {
  readonly #map: PartitionMap;
  readonly #single: readonly Destination[];
  readonly #all: Destination;

  constructor(map: PartitionMap) {
    this.#map = map;
    this.#single = Array.from({ length: map.streams + 1 }, (_, stream) => ({
      group: stream,
      mask: stream === 0 ? { low: 0, high: 0 } : maskOfStream(stream),
    }));
    this.#all = map.streams === 1 ? this.#one(1) : { group: 0, mask: maskOfAll(map.streams) };
  }

  /** Throws INVALID_ARGUMENTS, INVALID_KEYS. */
  classify(name: string, command: Command, args: unknown): Destination {
    if (isEveryKey(command)) return this.#all;
    return this.destinationOf(readKeys(name, command, args));
  }

  /** The streams of a command's keys. A key kept everywhere adds none where it is read, and all where it is written. */
  destinationOf({ read, write }: DeclaredKeys): Destination {
    let first = 0;
    let low = 0;
    let high = 0;
    for (let list = read === write ? 1 : 0; list < 2; list++) {
      for (const key of list === 0 ? read : write) {
        const stream = this.#map.streamOf(key);
        if (stream === 0) {
          if (list === 1) return this.#all;
          continue;
        }
        if (stream === first) continue;
        if (first === 0) first = stream;
        const bit = 1 << ((stream - 1) & 31);
        if (stream <= 32) low |= bit;
        else high |= bit;
      }
    }
    // Only keys that are everywhere: any stream can answer, and the key's hash spreads the work.
    if (first === 0) return this.#one(this.#map.hashedStreamOf(read[0] ?? ''));
    const only = this.#one(first).mask;
    low >>>= 0;
    high >>>= 0;
    return only.low === low && only.high === high ? this.#one(first) : { group: 0, mask: { low, high } };
  }

  #one(stream: number): Destination {
    const destination = this.#single[stream];
    if (destination === undefined) throw new Error(`broken invariant: there is no stream ${stream}`);
    return destination;
  }
}
