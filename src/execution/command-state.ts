import { PsmrError } from '../errors.js';
import type { State } from '../service/command.js';
import { normalizeValue, readStored, type Stored } from '../service/values.js';

/** Where a command's values come from: the partition itself, or the values gathered at a rendezvous. */
export interface ValueSource {
  get(key: string): Stored;
  has(key: string): boolean;
}

/** Where the writes of a command that succeeded go. */
export interface ValueSink {
  set(key: string, value: Stored): void;
  delete(key: string): void;
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
  readonly #keys: string[] = [];
  readonly #values: Stored[] = [];
  #writes = 0;

  begin(command: string, source: ValueSource, readable: readonly string[], writable: readonly string[]): void {
    this.#command = command;
    this.#source = source;
    this.#readable = readable;
    this.#writable = writable;
    this.#writes = 0;
  }

  /** Ends the command: a `state` that was kept somewhere is of no use from now on. */
  end(): void {
    this.#source = null;
  }

  commit(sink: ValueSink): void {
    for (let i = 0; i < this.#writes; i++) {
      const key = this.#keys[i] as string;
      const value = this.#values[i];
      if (value === DELETED) sink.delete(key);
      else sink.set(key, value);
    }
  }

  // The type is the caller's claim about its own data, here and in State: nothing can check it.
  get<V>(key: string): V | undefined {
    const source = this.#readableSource(key);
    const write = this.#lastWrite(key);
    const value = write < 0 ? source.get(key) : this.#values[write];
    return value === DELETED ? undefined : (readStored(value) as V | undefined);
  }

  has(key: string): boolean {
    const source = this.#readableSource(key);
    const write = this.#lastWrite(key);
    return write < 0 ? source.has(key) : this.#values[write] !== DELETED;
  }

  set(key: string, value: unknown): void {
    this.#checkWritable(key);
    this.#write(key, normalizeValue(value));
  }

  delete(key: string): void {
    this.#checkWritable(key);
    this.#write(key, DELETED);
  }

  #write(key: string, value: Stored): void {
    this.#keys[this.#writes] = key;
    this.#values[this.#writes] = value;
    this.#writes++;
  }

  /** The place of the newest write to a key, or -1. Searched from the end: commands write few keys. */
  #lastWrite(key: string): number {
    let place = this.#writes - 1;
    while (place >= 0 && this.#keys[place] !== key) place--;
    return place;
  }

  #readableSource(key: string): ValueSource {
    const source = this.#openSource();
    if (!this.#readable.includes(key)) throw this.#undeclared(key, 'reads', 'read');
    return source;
  }

  #checkWritable(key: string): void {
    this.#openSource();
    if (this.#writable.includes(key)) return;
    if (this.#writable.length === 0 && this.#readable.includes(key)) {
      throw new PsmrError(
        'READ_ONLY',
        `Command '${this.#command}' is readOnly but writes key '${key}'. Drop readOnly, or do not write.`,
      );
    }
    throw this.#undeclared(key, 'writes', 'write');
  }

  #openSource(): ValueSource {
    if (this.#source !== null) return this.#source;
    throw new PsmrError(
      'UNDECLARED_KEY',
      'A handler used its state after it had returned. Do all reads and writes before returning (no callbacks, no async).',
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
