/**
 * Finds a key's entry by its hash: open addressing with linear probing. Whose key an entry has is the caller's to say;
 * an entry without a key (deleted) is nobody's, so that nothing is ever taken out of the slots.
 *
 *   slots    Int32 pairs [hash, entry + 1]; 0: free
 *   crowded  the few keys, if any, that found PROBES_MAX slots taken: keys chosen by somebody to collide cost no more
 *            than in a Map
 */
const PROBES_MAX = 64;
const FREE = 0;

export class SlotIndex {
  readonly #slots: Int32Array;
  readonly #mask: number;
  readonly #shift: number;
  readonly #crowded = new Map<string, number>();

  /** With 2 ** bits slots. */
  constructor(bits: number) {
    this.#slots = new Int32Array(2 ** (bits + 1));
    this.#mask = 2 ** bits - 1;
    this.#shift = 32 - bits;
  }

  /** How many entries find room: half of the slots stay free. */
  get room(): number {
    return (this.#mask + 1) / 2;
  }

  /** The key's entry, or -1. */
  find(key: string, hash: number, hasKey: (entry: number, key: string) => boolean): number {
    const slots = this.#slots;
    const wanted = hash | 0;
    let slot = this.#home(hash);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      const entry = (slots[2 * slot + 1] as number) - 1;
      if (entry === FREE - 1) return -1;
      if (slots[2 * slot] === wanted && hasKey(entry, key)) return entry;
      slot = (slot + 1) & this.#mask;
    }
    return this.#crowded.size === 0 ? -1 : (this.#crowded.get(key) ?? -1);
  }

  place(key: string, hash: number, entry: number): void {
    let slot = this.#home(hash);
    for (let probes = 0; probes < PROBES_MAX; probes++) {
      if (this.#slots[2 * slot + 1] === FREE) {
        this.#slots[2 * slot] = hash;
        this.#slots[2 * slot + 1] = entry + 1;
        return;
      }
      slot = (slot + 1) & this.#mask;
    }
    this.#crowded.set(key, entry);
  }

  /** The key's entry has none any more. */
  forget(key: string): void {
    if (this.#crowded.size > 0) this.#crowded.delete(key);
  }

  /** The entry that stands first where this hash is looked for, or -1: most often that of its key. */
  firstAt(hash: number): number {
    return (this.#slots[2 * this.#home(hash) + 1] as number) - 1;
  }

  /** Where a key's slot is looked for first. One partition's hashes share some low bits: those must not decide alone. */
  #home(hash: number): number {
    return Math.imul(hash, 0x9e37_79b1) >>> this.#shift;
  }
}
