/**
 * The content of a table at one time, handed out while the table changes: before an entry that has not been handed out is
 * overwritten or deleted, its block of entries is set aside as it was (copy on write). The table itself is the same as without.
 */
const BLOCK_BITS = 8;
/** A power of two: no block lies in two of the chunks of a KeyTable. */
const BLOCK_ENTRIES = 1 << BLOCK_BITS;

/** Some entries of a table, as they were. */
export interface EntryBlock<V> {
  entries: () => IterableIterator<[key: string, value: V]>;
}

export class TableSnapshot<V> {
  readonly #end: number;
  readonly #copy: (from: number, end: number) => EntryBlock<V>;
  /** Blocks below have been handed out. */
  #next = 0;
  readonly #aside = new Map<number, EntryBlock<V>>();

  /** `end`: how many entries there are; `copy`: of those from one place of the table to another. */
  constructor(end: number, copy: (from: number, end: number) => EntryBlock<V>) {
    this.#end = end;
    this.#copy = copy;
  }

  /** The entry is about to change. */
  keep(entry: number): void {
    const block = entry >>> BLOCK_BITS;
    if (entry < this.#end && block >= this.#next && !this.#aside.has(block)) this.#aside.set(block, this.#block(block));
  }

  /** All places are about to change. */
  keepAll(): void {
    for (let entry = this.#next * BLOCK_ENTRIES; entry < this.#end; entry += BLOCK_ENTRIES) this.keep(entry);
  }

  *entries(): IterableIterator<[string, V]> {
    while (this.#next * BLOCK_ENTRIES < this.#end) {
      const block = this.#next;
      const { entries } = this.#aside.get(block) ?? this.#block(block);
      this.#aside.delete(block);
      this.#next++;
      yield* entries();
    }
  }

  #block(block: number): EntryBlock<V> {
    const from = block * BLOCK_ENTRIES;
    return this.#copy(from, Math.min(this.#end, from + BLOCK_ENTRIES));
  }
}
