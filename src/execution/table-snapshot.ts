/**
 * The content of a table at one time, handed out while the table changes: before an entry that has not been handed out is
 * overwritten or deleted, its block of entries is set aside as it was (copy on write). The table itself is the same as without.
 */
const BLOCK_BITS = 5;

export type Entries<V> = readonly [key: string, value: V][];

export class TableSnapshot<V> {
  readonly #end: number;
  readonly #read: (from: number, end: number) => Entries<V>;
  /** Blocks below have been handed out. */
  #next = 0;
  readonly #aside = new Map<number, Entries<V>>();

  /** `end`: how many entries there are; `read`: those from one place of the table to another. */
  constructor(end: number, read: (from: number, end: number) => Entries<V>) {
    this.#end = end;
    this.#read = read;
  }

  /** The entry is about to change. */
  keep(entry: number): void {
    const block = entry >>> BLOCK_BITS;
    if (entry < this.#end && block >= this.#next && !this.#aside.has(block)) this.#aside.set(block, this.#block(block));
  }

  /** All places are about to change. */
  keepAll(): void {
    for (let entry = this.#next << BLOCK_BITS; entry < this.#end; entry += 1 << BLOCK_BITS) this.keep(entry);
  }

  *entries(): IterableIterator<[string, V]> {
    while (this.#next << BLOCK_BITS < this.#end) {
      const block = this.#next;
      const entries = this.#aside.get(block) ?? this.#block(block);
      this.#aside.delete(block);
      this.#next++;
      yield* entries;
    }
  }

  #block(block: number): Entries<V> {
    const from = block << BLOCK_BITS;
    return this.#read(from, Math.min(this.#end, from + (1 << BLOCK_BITS)));
  }
}
