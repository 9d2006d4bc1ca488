/**
 * A hash table of strings in the order of insertion, as a Map is, for partitions of many keys. A Map of a million keys
 * spends its time waiting for memory: it follows several pointers, one after another, per lookup. Here the hash comes from the
 * caller (the classifier has computed it already), one line of an Int32Array answers most of the question, and `prefetch`
 * lets the waits of a whole batch overlap (docs/performance.md has the measurement).
 *
 *   slots    Int32 pairs [hash, entry + 1], linear probing over at most PROBES_MAX; 0: free, -1: was deleted
 *   chunks   entries in the order of insertion: [key, value, key, value, ...], CHUNK_ENTRIES per chunk; no key: deleted
 *   crowded  the few keys, if any, that found PROBES_MAX slots taken: keys chosen by somebody to collide cost no more
 *            than a Map
 */
const CHUNK_BITS = 12;
const CHUNK_ENTRIES = 1 << CHUNK_BITS;
const CHUNK_MASK = CHUNK_ENTRIES - 1;
const SLOT_BITS_MIN = 4;
const PROBES_MAX = 64;
const FREE = 0;
const GONE = -1;

type Chunk<V> = (string | V | undefined)[];

export class KeyTable<V> {
  #slots = new Int32Array(2 << SLOT_BITS_MIN);
  #mask = (1 << SLOT_BITS_MIN) - 1;
  #shift = 32 - SLOT_BITS_MIN;
  #chunks: Chunk<V>[] = [];
  readonly #crowded = new Map<string, { readonly entry: number; readonly hash: number }>();
  /** Entries, deleted ones included. */
  #entries = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Keys, deleted ones among them, that find room before the table is built anew. */
  get capacity(): number {
    return (this.#mask + 1) / 2;
  }

  get(key: string, hash: number): V | undefined {
    const entry = this.#find(key, hash);
    return entry < 0 ? undefined : this.#valueAt(entry);
  }

  has(key: string, hash: number): boolean {
    return this.#find(key, hash) >= 0;
  }

  set(key: string, hash: number, value: V): void {
    const entry = this.#find(key, hash);
    if (entry >= 0) (this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>)[2 * (entry & CHUNK_MASK) + 1] = value;
    else this.#insert(key, hash, value);
  }

  delete(key: string, hash: number): void {
    const entry = this.#find(key, hash);
    if (entry < 0) return;
    const slot = this.#slotOf(entry, hash);
    if (slot < 0) this.#crowded.delete(key);
    else this.#slots[2 * slot + 1] = GONE;
    const chunk = this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>;
    chunk[2 * (entry & CHUNK_MASK)] = undefined;
    chunk[2 * (entry & CHUNK_MASK) + 1] = undefined;
    this.#size--;
  }

  /** In the order of insertion. Nothing may be inserted meanwhile. */
  *[Symbol.iterator](): IterableIterator<[string, V]> {
    for (const chunk of this.#chunks) {
      for (let at = 0; at < chunk.length; at += 2) {
        const key = chunk[at] as string | undefined;
        if (key !== undefined) yield [key, chunk[at + 1] as V];
      }
    }
  }

  /**
   * Reads what the next lookups of these hashes will need: reads that do not depend on each other wait for memory
   * together. What it returns says nothing; it is there so that the reads are not optimised away.
   */
  prefetch(hashes: readonly number[]): number {
    const slots = this.#slots;
    let sum = 0;
    for (const hash of hashes) sum += slots[2 * this.#home(hash) + 1] as number;
    for (const hash of hashes) {
      const entry = (slots[2 * this.#home(hash) + 1] as number) - 1;
      if (entry < 0) continue;
      const chunk = this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>;
      const at = 2 * (entry & CHUNK_MASK);
      const key = chunk[at];
      const value = chunk[at + 1];
      if (typeof key === 'string') sum += key.length;
      if (typeof value === 'string') sum += value.length;
    }
    return sum;
  }

  #valueAt(entry: number): V {
    return (this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>)[2 * (entry & CHUNK_MASK) + 1] as V;
  }

  #keyAt(entry: number): string | undefined {
    return (this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>)[2 * (entry & CHUNK_MASK)] as string | undefined;
  }

  /** Where a key's slot is looked for first. One partition's hashes share some low bits: those must not decide alone. */
  #home(hash: number): number {
    return Math.imul(hash, 0x9e37_79b1) >>> this.#shift;
  }

  /** The key's entry, or -1. */
  #find(key: string, hash: number): number {
    const slots = this.#slots;
    const wanted = hash | 0;
    let slot = this.#home(hash);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = (slots[2 * slot + 1] as number) - 1;
      if (entry === FREE - 1) return -1;
      if (slots[2 * slot] === wanted && entry >= 0 && this.#keyAt(entry) === key) return entry;
      slot = (slot + 1) & this.#mask;
    }
    return this.#crowded.size === 0 ? -1 : (this.#crowded.get(key)?.entry ?? -1);
  }

  /** The slot that names an entry, or -1: it is among the crowded. */
  #slotOf(entry: number, hash: number): number {
    let slot = this.#home(hash);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (this.#slots[2 * slot + 1] === entry + 1) return slot;
      slot = (slot + 1) & this.#mask;
    }
    return -1;
  }

  #insert(key: string, hash: number, value: V): void {
    // Entries, deleted ones too, take at most half of the slots.
    if (this.#entries >= this.capacity) this.#rebuild();
    const entry = this.#entries++;
    if ((entry & CHUNK_MASK) === 0) this.#chunks.push([]);
    (this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>).push(key, value);
    this.#place(key, hash, entry);
    this.#size++;
  }

  #place(key: string, hash: number, entry: number): void {
    let slot = this.#home(hash);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (this.#slots[2 * slot + 1] === FREE) {
        this.#slots[2 * slot] = hash;
        this.#slots[2 * slot + 1] = entry + 1;
        return;
      }
      slot = (slot + 1) & this.#mask;
    }
    this.#crowded.set(key, { entry, hash });
  }

  /** Makes room: without the deleted entries, and with slots for twice as many as there are. */
  #rebuild(): void {
    const hashes = this.#hashes();
    const chunks = this.#chunks;
    let bits = SLOT_BITS_MIN;
    while (2 ** bits < 4 * this.#size) bits++;
    this.#slots = new Int32Array(2 ** (bits + 1));
    this.#mask = 2 ** bits - 1;
    this.#shift = 32 - bits;
    this.#crowded.clear();
    // Nothing was deleted, as a rule: then the chunks stay as they are.
    const keep = this.#entries === this.#size;
    if (!keep) this.#chunks = [];
    this.#entries = 0;
    let place = 0;
    for (const chunk of chunks) {
      for (let at = 0; at < chunk.length; at += 2, place++) {
        const key = chunk[at] as string | undefined;
        if (key === undefined) continue;
        const entry = this.#entries++;
        if (!keep) {
          if ((entry & CHUNK_MASK) === 0) this.#chunks.push([]);
          (this.#chunks[entry >>> CHUNK_BITS] as Chunk<V>).push(key, chunk[at + 1]);
        }
        this.#place(key, hashes[place] as number, entry);
      }
    }
  }

  /** By entry, taken from the slots. */
  #hashes(): Int32Array {
    const hashes = new Int32Array(this.#entries);
    for (let slot = 0; slot <= this.#mask; slot++) {
      const entry = (this.#slots[2 * slot + 1] as number) - 1;
      if (entry >= 0) hashes[entry] = this.#slots[2 * slot] as number;
    }
    for (const { entry, hash } of this.#crowded.values()) hashes[entry] = hash;
    return hashes;
  }
}
