/**
 * A hash table of strings in the order of insertion, as a Map is, for partitions of many keys. A Map of a million keys
 * spends its time waiting for memory: it follows several pointers, one after another, per lookup. Here the hash comes from
 * the caller (the classifier has computed it already), one line of an Int32Array answers most of the question, and
 * `prefetch` lets the waits of a whole batch overlap (docs/performance.md has the measurement). It grows a little with
 * each insertion: a worker that stopped to move millions of entries would miss its heartbeats.
 *
 *   index    finds an entry by hash (slot-index.ts); while it grows, entries from `moved` on are in `before` only
 *   chunks   entries in the order of insertion: [key, value, key, value, ...], CHUNK_ENTRIES per chunk; no key: deleted
 *   hashes   of the entries, chunk by chunk
 *   cells    short texts among the values, chunk by chunk (text-cells.ts); IN_CELL stands for them in `chunks`
 */
import { SlotIndex } from './slot-index.js';
import { TableSnapshot, type EntryBlock } from './table-snapshot.js';
import { TextCells } from './text-cells.js';

const CHUNK_BITS = 12;
const CHUNK_ENTRIES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ENTRIES - 1;
const INDEX_BITS_MIN = 4;
/** Entries moved per insertion; at 2 or more the growing has ended long before the next one is due. */
const MOVED_PER_INSERTION = 8;

/** Stands among values for a text in a cell. */
const IN_CELL = Symbol('in its cell');

type Chunk<V> = (string | V | typeof IN_CELL | undefined)[];

export class KeyTable<V> {
  #index = new SlotIndex(INDEX_BITS_MIN);
  #before: SlotIndex | null = null;
  #moved = 0;
  #chunks: Chunk<V>[] = [];
  #hashes: Int32Array[] = [];
  /** Undefined: no text yet. */
  #cells: (TextCells | undefined)[] = [];
  /** Entries, deleted ones included. */
  #entries = 0;
  #size = 0;
  /** The newest one that is being handed out; older ones have set aside all they need. */
  #snapshot: TableSnapshot<V> | null = null;

  get size(): number {
    return this.#size;
  }

  /** Keys, deleted ones among them, that find room before the table grows. */
  get capacity(): number {
    return this.#index.room;
  }

  get(key: string, hash: number): V | undefined {
    const entry = this.#find(key, hash);
    return entry < 0 ? undefined : this.#valueOf(entry);
  }

  has(key: string, hash: number): boolean {
    return this.#find(key, hash) >= 0;
  }

  set(key: string, hash: number, value: V): void {
    const entry = this.#find(key, hash);
    if (entry < 0) return this.#insert(key, hash, value);
    this.#snapshot?.keep(entry);
    this.#chunkOf(entry)[2 * (entry & CHUNK_MASK) + 1] = this.#kept(entry, value);
  }

  delete(key: string, hash: number): void {
    const entry = this.#find(key, hash);
    if (entry < 0) return;
    this.#snapshot?.keep(entry);
    this.#index.forget(key);
    this.#before?.forget(key);
    const chunk = this.#chunkOf(entry);
    chunk[2 * (entry & CHUNK_MASK)] = undefined;
    chunk[2 * (entry & CHUNK_MASK) + 1] = undefined;
    this.#size--;
  }

  /** In the order of insertion. Nothing may be inserted meanwhile. */
  *[Symbol.iterator](): IterableIterator<[string, V]> {
    for (const [number, chunk] of this.#chunks.entries()) yield* entriesOf(chunk, this.#cells[number]);
  }

  /** The content as it is now, in the order of insertion, whatever changes while it is walked. */
  freeze(): IterableIterator<[string, V]> {
    this.#snapshot?.keepAll();
    this.#snapshot = new TableSnapshot(this.#entries, (from, end) => this.#copy(from, end));
    return this.#handOut(this.#snapshot);
  }

  *#handOut(snapshot: TableSnapshot<V>): IterableIterator<[string, V]> {
    try {
      yield* snapshot.entries();
    } finally {
      if (this.#snapshot === snapshot) this.#snapshot = null;
    }
  }

  /** Of entries of one chunk. */
  #copy(from: number, end: number): EntryBlock<V> {
    const place = from & CHUNK_MASK;
    const count = end - from;
    const slots = this.#chunkOf(from).slice(2 * place, 2 * (place + count));
    const cells = this.#cells[from >>> CHUNK_BITS]?.copy(place, place + count);
    return { entries: () => entriesOf(slots, cells) };
  }

  /**
   * Reads what the next lookups of these hashes will need: reads that do not depend on each other wait for memory
   * together. What it returns says nothing; it is there so that the reads are not optimised away.
   */
  prefetch(hashes: readonly number[]): number {
    let sum = 0;
    for (const hash of hashes) sum += this.#index.firstAt(hash);
    for (const hash of hashes) {
      const entry = this.#index.firstAt(hash);
      if (entry < 0) continue;
      const chunk = this.#chunkOf(entry);
      const at = 2 * (entry & CHUNK_MASK);
      const key = chunk[at];
      const value = chunk[at + 1];
      if (typeof key === 'string') sum += key.length;
      if (value === IN_CELL) sum += this.#cellsOf(entry).touch(entry & CHUNK_MASK);
      else if (typeof value === 'string') sum += value.length;
    }
    return sum;
  }

  #chunkOf(entry: number): Chunk<V> {
    return this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>;
  }

  #cellsOf(entry: number): TextCells {
    return (this.#cells[entry >>> CHUNK_BITS] ??= new TextCells());
  }

  #keyOf(entry: number): string | undefined {
    return this.#chunkOf(entry)[2 * (entry & CHUNK_MASK)] as string | undefined;
  }

  #valueOf(entry: number): V {
    return valueAt(this.#chunkOf(entry), 2 * (entry & CHUNK_MASK), this.#cells[entry >>> CHUNK_BITS]);
  }

  /** What stands for the value among the others. */
  #kept(entry: number, value: V): V | typeof IN_CELL {
    const inCell = typeof value === 'string' && this.#cellsOf(entry).write(entry & CHUNK_MASK, value);
    return inCell ? IN_CELL : value;
  }

  readonly #hasKey = (entry: number, key: string): boolean => this.#keyOf(entry) === key;

  /** The key's entry, or -1. */
  #find(key: string, hash: number): number {
    const entry = this.#index.find(key, hash, this.#hasKey);
    return entry >= 0 || this.#before === null ? entry : this.#before.find(key, hash, this.#hasKey);
  }

  #insert(key: string, hash: number, value: V): void {
    if (this.#entries >= this.#index.room) {
      if (this.#entries > 2 * this.#size) this.#compact();
      else this.#grow();
    }
    this.#add(key, hash, value);
    this.#size++;
    if (this.#before !== null) this.#move(MOVED_PER_INSERTION);
  }

  #add(key: string, hash: number, value: V): void {
    const entry = this.#entries++;
    const place = entry & CHUNK_MASK;
    if (place === 0) {
      this.#chunks.push([]);
      // The first chunk, which may be a small table's only one, grows as the table does.
      this.#hashes.push(new Int32Array(entry === 0 ? 2 ** INDEX_BITS_MIN : CHUNK_ENTRIES));
    }
    this.#chunkOf(entry).push(key, this.#kept(entry, value));
    this.#hashesFor(entry)[place] = hash;
    this.#index.place(key, hash, entry);
  }

  #hashesFor(entry: number): Int32Array {
    const at = entry >>> CHUNK_BITS;
    const hashes = this.#hashes[at] as Int32Array;
    if ((entry & CHUNK_MASK) < hashes.length) return hashes;
    const larger = new Int32Array(Math.min(CHUNK_ENTRIES, 2 * hashes.length));
    larger.set(hashes);
    this.#hashes[at] = larger;
    return larger;
  }

  /** The next larger index takes new entries at once, and the old ones a few at a time. */
  #grow(): void {
    this.#move(Infinity);
    this.#before = this.#index;
    this.#moved = 0;
    this.#index = new SlotIndex(Math.log2(this.#index.room) + 2);
  }

  #move(count: number): void {
    if (this.#before === null) return;
    const end = Math.min(this.#moved + count, this.#before.room);
    for (; this.#moved < end; this.#moved++) {
      const entry = this.#moved;
      const key = this.#keyOf(entry);
      const hash = (this.#hashes[entry >>> CHUNK_BITS] as Int32Array)[entry & CHUNK_MASK] as number;
      if (key !== undefined) this.#index.place(key, hash, entry);
    }
    if (this.#moved === this.#before.room) this.#before = null;
  }

  /** Begins anew without the deleted entries, which are more than half: all at once, since every entry's number changes. */
  #compact(): void {
    this.#snapshot?.keepAll();
    this.#snapshot = null;
    const [chunks, hashes, cells] = [this.#chunks, this.#hashes, this.#cells];
    let bits = INDEX_BITS_MIN;
    while (2 ** bits < 4 * this.#size) bits++;
    this.#index = new SlotIndex(bits);
    this.#before = null;
    this.#chunks = [];
    this.#hashes = [];
    this.#cells = [];
    this.#entries = 0;
    chunks.forEach((chunk, number) => {
      for (let at = 0; at < chunk.length; at += 2) {
        const key = chunk[at] as string | undefined;
        const hash = (hashes[number] as Int32Array)[at / 2] as number;
        if (key !== undefined) this.#add(key, hash, valueAt(chunk, at, cells[number]));
      }
    });
  }
}

function* entriesOf<V>(chunk: Chunk<V>, cells: TextCells | undefined): IterableIterator<[string, V]> {
  for (let at = 0; at < chunk.length; at += 2) {
    const key = chunk[at] as string | undefined;
    if (key !== undefined) yield [key, valueAt(chunk, at, cells)];
  }
}

/** Of the entry whose key stands at this place. */
function valueAt<V>(chunk: Chunk<V>, at: number, cells: TextCells | undefined): V {
  const value = chunk[at + 1];
  return (value === IN_CELL ? cells?.read(at / 2) : value) as V;
}
