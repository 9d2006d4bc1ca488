/**
 * The state that one stream owns: keys and stored values, in the order of insertion, which a scan sees. It is the same
 * whenever a replica writes a checkpoint: `freeze` gives the content as it is, and execution goes on in the store.
 */
import { hashOf } from '../classifier/slots.js';
import type { Stored } from '../service/values.js';
import { KeyTable } from './key-table.js';

/** Where a key's hash is known (`hashOf` of the classifier), it need not be computed again. */
export class PartitionStore {
  readonly #table = new KeyTable<Stored>();

  get size(): number {
    return this.#table.size;
  }

  /** The stored value; undefined where there is none (or where undefined itself is stored: see `has`). */
  get(key: string, hash = hashOf(key)): Stored {
    return this.#table.get(key, hash);
  }

  has(key: string, hash = hashOf(key)): boolean {
    return this.#table.has(key, hash);
  }

  set(key: string, value: Stored, hash = hashOf(key)): void {
    this.#table.set(key, hash, value);
  }

  delete(key: string, hash = hashOf(key)): void {
    this.#table.delete(key, hash);
  }

  /** See KeyTable: makes lookups of these hashes, soon, faster. */
  prefetch(hashes: readonly number[]): number {
    return this.#table.prefetch(hashes);
  }

  /** Current content in the order of insertion. Do not change the store while iterating. */
  entries(): IterableIterator<[string, Stored]> {
    return this.#table[Symbol.iterator]();
  }

  /** The content as it is now, in the order of insertion, unharmed by later writes. */
  freeze(): IterableIterator<[string, Stored]> {
    return this.#table.freeze();
  }
}
