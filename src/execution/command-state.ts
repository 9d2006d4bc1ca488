import type { DeclaredKeys } from '../classifier/classify.js';
import { hashOf } from '../classifier/slots.js';
import { PsmrError } from '../errors.js';
import type { State } from '../service/command.js';
import { normalizeValue, readStored, type Stored } from '../service/values.js';

/** Where a command's values come from: the partition itself, or the values gathered at a rendezvous. */
export interface ValueSource {
  get(key: string, hash: number): Stored;
  has(key: string, hash: number): boolean;
}

/** Where the writes of a command that succeeded go. */
export interface ValueSink {
  set(key: string, value: Stored, hash: number): void;
  delete(key: string, hash: number): void;
}

/** Stands among stored values for a deletion. */
const DELETED = Symbol('deleted');

/**
 * The `state` that handlers get: declared keys only, writes held back until the handler has returned. One per worker,
 * moved from command to command.
 */
export class CommandState implements State {
  #source: ValueSource | null = null;
  #command = '';
  #readable: readonly string[] = [];
  #writable: readonly string[] = [];
  /** Of the readable keys, from #firstHash on. */
  #hashes: readonly number[] = [];
  #firstHash = 0;
  readonly #keys: string[] = [];
  readonly #values: Stored[] = [];
  readonly #written: number[] = [];
  #writes = 0;
  #events: [key: string, value: Stored][] = [];

  /** `hashes`: of the readable keys, in their order, from `firstHash` on. */
  begin(
    command: string,
    source: ValueSource,
    { read, write }: DeclaredKeys,
    hashes: readonly number[],
    firstHash: number,
  ): void {
    this.#command = command;
    this.#source = source;
    this.#readable = read;
    this.#writable = write;
    this.#hashes = hashes;
    this.#firstHash = firstHash;
    this.#writes = 0;
    if (this.#events.length > 0) this.#events = [];
  }

  /** Ends the command: a `state` that was kept somewhere is of no use from now on. */
  end(): void {
    this.#source = null;
  }

  commit(sink: ValueSink): void {
    for (let i = 0; i < this.#writes; i++) {
      const key = this.#keys[i] as string;
      const value = this.#values[i];
      const hash = this.#written[i] as number;
      if (value === DELETED) sink.delete(key, hash);
      else sink.set(key, value, hash);
    }
  }

  /** Of most commands there are none. */
  get events(): readonly (readonly [key: string, value: Stored])[] {
    return this.#events;
  }

  // The type is the caller's claim about its own data, here and in State: nothing can check it.
  get<V>(key: string): V | undefined {
    const source = this.#openSource();
    const hash = this.#readableHash(key);
    const write = this.#lastWrite(key);
    const value = write < 0 ? source.get(key, hash) : this.#values[write];
    return value === DELETED ? undefined : (readStored(value) as V | undefined);
  }

  has(key: string): boolean {
    const source = this.#openSource();
    const hash = this.#readableHash(key);
    const write = this.#lastWrite(key);
    return write < 0 ? source.has(key, hash) : this.#values[write] !== DELETED;
  }

  set(key: string, value: unknown): void {
    const hash = this.#writableHash(key);
    this.#write(key, normalizeValue(value), hash);
  }

  delete(key: string): void {
    this.#write(key, DELETED, this.#writableHash(key));
  }

  publish(key: string, value: unknown): void {
    this.#writableHash(key);
    this.#events.push([key, normalizeValue(value)]);
  }

  #write(key: string, value: Stored, hash: number): void {
    this.#keys[this.#writes] = key;
    this.#values[this.#writes] = value;
    this.#written[this.#writes] = hash;
    this.#writes++;
  }

  /** The place of the newest write to a key, or -1. Searched from the end: commands write few keys. */
  #lastWrite(key: string): number {
    let place = this.#writes - 1;
    while (place >= 0 && this.#keys[place] !== key) place--;
    return place;
  }

  #readableHash(key: string): number {
    const place = this.#readable.indexOf(key);
    if (place < 0) throw this.#undeclared(key, 'reads', 'read');
    return this.#hashes[this.#firstHash + place] as number;
  }

  #writableHash(key: string): number {
    this.#openSource();
    // The two lists are one, as a rule.
    if (this.#writable === this.#readable) {
      const place = this.#writable.indexOf(key);
      if (place >= 0) return this.#hashes[this.#firstHash + place] as number;
    } else if (this.#writable.includes(key)) {
      return hashOf(key);
    }
    if (this.#writable.length === 0 && this.#readable.includes(key)) {
      throw new PsmrError(
        'READ_ONLY',
        `Command '${this.#command}' is readOnly, or declares keys to read alone, but writes key '${key}'. ` +
          "Drop readOnly, declare the key in 'write', or do not write.",
      );
    }
    if (this.#readable.includes(key)) throw this.#onlyReadable(key);
    throw this.#undeclared(key, 'writes', 'write');
  }

  #openSource(): ValueSource {
    if (this.#source !== null) return this.#source;
    throw new PsmrError(
      'UNDECLARED_KEY',
      'A handler used its state after it had returned. Do all reads and writes before returning (no callbacks, no async).',
    );
  }

  #onlyReadable(key: string): PsmrError {
    return new PsmrError(
      'UNDECLARED_KEY',
      `Command '${this.#command}' writes key '${key}', which its keys function declared in 'read' alone. ` +
        "A key that is written stands in 'write': add it there for these arguments.",
    );
  }

  #undeclared(key: string, does: string, list: string): PsmrError {
    return new PsmrError(
      'UNDECLARED_KEY',
      `Command '${this.#command}' ${does} key '${key}', which its keys function did not declare. ` +
        `Return it from keys (or in its '${list}' list) for these arguments.`,
    );
  }
}
