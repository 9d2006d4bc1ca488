import { hashOf } from '../classifier/slots.js';
import { PsmrError } from '../errors.js';
import type { Partition } from '../service/command.js';
import { normalizeValue, readStored, type Stored } from '../service/values.js';
import type { ValueSink } from './command-state.js';
import type { PartitionStore } from './partition-store.js';

/** Stands among stored values for a deletion. */
const DELETED = Symbol('deleted');

/**
 * The `partition` of a `partial`: this stream's own keys. Writes are held back until every partition has done its
 * part: `entries` shows the content as the command found it, `get` sees the command's own writes.
 */
export class PartitionView implements Partition {
  readonly #command: string;
  readonly #store: PartitionStore;
  readonly #readOnly: boolean;
  readonly #ownedHere: (key: string) => boolean;
  readonly #writes = new Map<string, Stored>();
  readonly #events: [key: string, value: Stored][] = [];
  #open = true;

  constructor(command: string, store: PartitionStore, readOnly: boolean, ownedHere: (key: string) => boolean) {
    this.#command = command;
    this.#store = store;
    this.#readOnly = readOnly;
    this.#ownedHere = ownedHere;
  }

  // The types of values are the caller's claim about its own data: nothing can check them.
  *entries<V>(): IterableIterator<[string, V]> {
    this.#checkOpen();
    for (const [key, value] of this.#store.entries()) {
      this.#checkOpen();
      yield [key, readStored(value) as V];
    }
  }

  get<V>(key: string): V | undefined {
    this.#checkOwned(key);
    const written = this.#writes.get(key);
    if (written === DELETED) return undefined;
    const stored = written !== undefined || this.#writes.has(key) ? written : this.#store.get(key);
    return readStored(stored) as V | undefined;
  }

  set(key: string, value: unknown): void {
    this.#checkWritable(key);
    this.#writes.set(key, normalizeValue(value));
  }

  delete(key: string): void {
    this.#checkWritable(key);
    this.#writes.set(key, DELETED);
  }

  publish(key: string, value: unknown): void {
    this.#checkWritable(key);
    this.#events.push([key, normalizeValue(value)]);
  }

  get events(): readonly (readonly [key: string, value: Stored])[] {
    return this.#events;
  }

  end(): void {
    this.#open = false;
  }

  commit(sink: ValueSink): void {
    for (const [key, value] of this.#writes) {
      const hash = hashOf(key);
      if (value === DELETED) sink.delete(key, hash);
      else sink.set(key, value, hash);
    }
  }

  #checkOpen(): void {
    if (this.#open) return;
    throw new PsmrError(
      'UNDECLARED_KEY',
      `The partial of '${this.#command}' used its partition after it had returned. Do all reads and writes before.`,
    );
  }

  #checkOwned(key: string): void {
    this.#checkOpen();
    if (typeof key === 'string' && this.#ownedHere(key)) return;
    throw new PsmrError(
      'UNDECLARED_KEY',
      `The partial of '${this.#command}' used key '${key}', which belongs to another partition. ` +
        'A partial sees its own keys: take them from partition.entries(), and combine the parts in merge.',
    );
  }

  #checkWritable(key: string): void {
    this.#checkOwned(key);
    if (!this.#readOnly) return;
    throw new PsmrError(
      'READ_ONLY',
      `Command '${this.#command}' is readOnly but writes key '${key}'. Drop readOnly, or do not write.`,
    );
  }
}
