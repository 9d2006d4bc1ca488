/**
 * The state that one stream owns: keys and stored values, in the order of insertion. `freeze` marks the content at a
 * checkpoint; execution goes on at once and writes beside the frozen content (copy on write) until it is written
 * out, then `fold` brings the two together in pieces. The order of insertion is the same as without a checkpoint:
 * what a scan sees must not depend on when a replica wrote one.
 *
 *   live      base                                   reads and writes go to base
 *   frozen    base (unchanged) + delta               writes go to delta, reads look there first
 *   folding   base <- delta, a piece at a time       a key is in delta until its turn
 */
import { hashOf } from '../classifier/slots.js';
import type { Stored } from '../service/values.js';
import { KeyTable } from './key-table.js';

/** Stands among stored values for a deletion. */
const DELETED = Symbol('deleted');
type Delta = Map<string, Stored>;

/** Where a key's hash is known (`hashOf` of the classifier), it need not be computed again. */
export class PartitionStore {
  readonly #base = new KeyTable<Stored>();
  #delta: Delta | null = null;
  /** Keys of delta that were deleted and set again: they belong at the end, not at their old place in base. */
  #moved: Set<string> | null = null;
  #folding = false;
  /** While there is a delta: keys in both together. */
  #size = 0;

  get size(): number {
    return this.#delta === null ? this.#base.size : this.#size;
  }

  get frozen(): boolean {
    return this.#delta !== null;
  }

  /** The stored value; undefined where there is none (or where undefined itself is stored: see `has`). */
  get(key: string, hash = hashOf(key)): Stored {
    if (this.#delta === null) return this.#base.get(key, hash);
    const changed = this.#delta.get(key);
    if (changed === DELETED) return undefined;
    if (changed !== undefined || this.#delta.has(key)) return changed;
    return this.#base.get(key, hash);
  }

  has(key: string, hash = hashOf(key)): boolean {
    if (this.#delta === null) return this.#base.has(key, hash);
    const changed = this.#delta.get(key);
    if (changed === DELETED) return false;
    return changed !== undefined || this.#delta.has(key) || this.#base.has(key, hash);
  }

  set(key: string, value: Stored, hash = hashOf(key)): void {
    if (this.#delta === null) {
      this.#base.set(key, hash, value);
    } else {
      this.#setBesideFrozen(this.#delta, key, value, hash);
    }
  }

  delete(key: string, hash = hashOf(key)): void {
    if (this.#delta === null) {
      this.#base.delete(key, hash);
    } else if (this.has(key, hash)) {
      this.#deleteBesideFrozen(this.#delta, key, hash);
    }
  }

  /** See KeyTable: makes lookups of these hashes, soon, faster. */
  prefetch(hashes: readonly number[]): number {
    return this.#base.prefetch(hashes);
  }

  /** Current content in the order of insertion. Do not change the store while iterating. */
  *entries(): IterableIterator<[string, Stored]> {
    const delta = this.#delta;
    if (delta === null) {
      yield* this.#base;
      return;
    }
    for (const [key, value] of this.#base) {
      const changed = delta.get(key);
      if (changed === undefined && !delta.has(key)) yield [key, value];
      else if (changed !== DELETED && !this.#isMoved(key)) yield [key, changed];
    }
    for (const [key, value] of delta) {
      if (value !== DELETED && (!this.#base.has(key, hashOf(key)) || this.#isMoved(key))) yield [key, value];
    }
  }

  /** Marks the content as it is now; the iterator walks it unharmed by later writes. Then call `fold` until true. */
  freeze(): IterableIterator<[string, Stored]> {
    if (this.#delta !== null) throw new Error('broken invariant: the partition is frozen already');
    this.#size = this.#base.size;
    this.#delta = new Map();
    this.#moved = new Set();
    this.#folding = false;
    return this.#base[Symbol.iterator]();
  }

  /** Moves up to `count` changed keys into the base; true: the store is live again. */
  fold(count: number): boolean {
    const delta = this.#delta;
    if (delta === null) return true;
    this.#folding = true;
    let left = count;
    for (const [key, value] of delta) {
      if (left-- <= 0) return false;
      const hash = hashOf(key);
      if (value === DELETED || this.#isMoved(key)) this.#base.delete(key, hash);
      if (value !== DELETED) this.#base.set(key, hash, value);
      this.#moved?.delete(key);
      delta.delete(key);
    }
    this.#delta = null;
    this.#moved = null;
    this.#folding = false;
    return true;
  }

  #isMoved(key: string): boolean {
    return this.#moved?.has(key) ?? false;
  }

  #setBesideFrozen(delta: Delta, key: string, value: Stored, hash: number): void {
    const changed = delta.get(key);
    if (changed === DELETED) {
      delta.delete(key);
      delta.set(key, value);
      this.#moved?.add(key);
      this.#size++;
    } else if (changed !== undefined || delta.has(key)) {
      delta.set(key, value);
    } else if (this.#base.has(key, hash)) {
      if (this.#folding) this.#base.set(key, hash, value);
      else delta.set(key, value);
    } else {
      delta.set(key, value);
      this.#size++;
    }
  }

  #deleteBesideFrozen(delta: Delta, key: string, hash: number): void {
    this.#size--;
    this.#moved?.delete(key);
    if (!this.#base.has(key, hash)) delta.delete(key);
    else if (this.#folding && !delta.has(key)) this.#base.delete(key, hash);
    else {
      // Deleted and put at the end, so that a fold in progress meets it after what it has passed.
      delta.delete(key);
      delta.set(key, DELETED);
    }
  }
}
