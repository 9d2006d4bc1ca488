/**
 * A byte ring in shared memory for one producer thread and one consumer thread.
 *
 *     0      tail   u32, bytes ever written (wraps at 2^32); stored by the producer only
 *    64      head   u32, bytes ever read   (wraps at 2^32); stored by the consumer only
 *    32      starved  1: the producer found no room and waits for its bell; cleared by the consumer
 *   128      data   `capacity` bytes, a power of two
 *
 *   record   0 u32 payload bytes | 4 u32 tag << 8 | flags | 8 payload | zeros up to a multiple of 8
 *
 * Invariants: 0 <= tail - head <= capacity (mod 2^32). A record never wraps: a padding record (payload bytes =
 * 0xffffffff) fills the end of the data instead. Records become visible at `publish`, all at once: a producer that
 * dies in the middle of a record has published none of it.
 */
import { invariant } from '../errors.js';
import type { Doorbell } from './doorbell.js';

const TAIL_WORD = 0;
const STARVED_WORD = 8;
const HEAD_WORD = 16;
const DATA_OFFSET = 128;
const RECORD_HEADER_BYTES = 8;
const PADDING = 0xffff_ffff;
/** The message goes on in the next record. */
const FLAG_CONTINUES = 1;

const RING_BYTES_MIN = 4096;

export function createRing(capacity: number): SharedArrayBuffer {
  invariant(
    capacity >= RING_BYTES_MIN && capacity <= 2 ** 30 && (capacity & (capacity - 1)) === 0,
    'a ring holds a power of two of bytes, 4 KiB to 1 GiB',
  );
  return new SharedArrayBuffer(DATA_OFFSET + capacity);
}

function recordBytes(payload: number): number {
  return (RECORD_HEADER_BYTES + payload + 7) & ~7;
}

/**
 * The producer's end. A message larger than the ring travels in several records: `offer` takes it whole and writes
 * the rest as the consumer makes room (`flush`), so at most one message is ever held back.
 */
export class RingWriter {
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #data: Uint8Array;
  readonly #capacity: number;
  readonly #fragmentBytesMax: number;
  #tail: number;
  #publishedTail: number;
  #knownHead: number;
  #rest: Uint8Array | null = null;
  #restTag = 0;

  constructor(ring: SharedArrayBuffer) {
    this.#words = new Int32Array(ring, 0, DATA_OFFSET / 4);
    this.#capacity = ring.byteLength - DATA_OFFSET;
    this.#view = new DataView(ring, DATA_OFFSET, this.#capacity);
    this.#data = new Uint8Array(ring, DATA_OFFSET, this.#capacity);
    this.#fragmentBytesMax = this.#capacity / 4;
    this.#tail = Atomics.load(this.#words, TAIL_WORD) >>> 0;
    this.#publishedTail = this.#tail;
    this.#knownHead = Atomics.load(this.#words, HEAD_WORD) >>> 0;
  }

  /**
   * Takes a message; false: an earlier one is not fully written yet, or there is no room at all: try again. The tag, 24
   * bits, travels with it.
   */
  offer(message: Uint8Array, tag = 0): boolean {
    if (this.#rest !== null && !this.flush()) return false;
    if (message.byteLength <= this.#fragmentBytesMax) return this.#writeRecord(message, tag << 8);
    this.#rest = message;
    this.#restTag = tag << 8;
    this.flush();
    return true;
  }

  /** Writes what is held back of a large message (publish it then); true: nothing is held back any more. */
  flush(): boolean {
    while (this.#rest !== null) {
      const last = this.#rest.byteLength <= this.#fragmentBytesMax;
      const piece = last ? this.#rest : this.#rest.subarray(0, this.#fragmentBytesMax);
      if (!this.#writeRecord(piece, this.#restTag | (last ? 0 : FLAG_CONTINUES))) return false;
      this.#rest = last ? null : this.#rest.subarray(this.#fragmentBytesMax);
    }
    return true;
  }

  get heldBack(): boolean {
    return this.#rest !== null;
  }

  /** Makes everything written visible; true: there was something new, so the consumer's bell should ring. */
  publish(): boolean {
    if (this.#tail === this.#publishedTail) return false;
    this.#publishedTail = this.#tail;
    Atomics.store(this.#words, TAIL_WORD, this.#tail | 0);
    return true;
  }

  #writeRecord(payload: Uint8Array, flags: number): boolean {
    const bytes = recordBytes(payload.byteLength);
    let offset = this.#tail & (this.#capacity - 1);
    const untilEnd = this.#capacity - offset;
    const needed = bytes <= untilEnd ? bytes : untilEnd + bytes;
    if (!this.#hasRoom(needed)) return false;
    if (bytes > untilEnd) {
      this.#view.setUint32(offset, PADDING, true);
      this.#tail = (this.#tail + untilEnd) >>> 0;
      offset = 0;
    }
    this.#view.setUint32(offset, payload.byteLength, true);
    this.#view.setInt32(offset + 4, flags, true);
    this.#data.set(payload, offset + RECORD_HEADER_BYTES);
    this.#tail = (this.#tail + bytes) >>> 0;
    return true;
  }

  #hasRoom(bytes: number): boolean {
    if (((this.#tail - this.#knownHead) >>> 0) + bytes <= this.#capacity) return true;
    this.#knownHead = Atomics.load(this.#words, HEAD_WORD) >>> 0;
    if (((this.#tail - this.#knownHead) >>> 0) + bytes <= this.#capacity) return true;
    // Ask for the bell first, then look again: the consumer makes room first, then looks whether it was asked.
    Atomics.store(this.#words, STARVED_WORD, 1);
    this.#knownHead = Atomics.load(this.#words, HEAD_WORD) >>> 0;
    return ((this.#tail - this.#knownHead) >>> 0) + bytes <= this.#capacity;
  }
}

/** The consumer's end: hands out whole messages, each a copy that the caller owns. */
export class RingReader {
  readonly #words: Int32Array;
  readonly #view: DataView;
  readonly #data: Uint8Array;
  readonly #capacity: number;
  #head: number;
  #knownTail: number;
  readonly #producer: Doorbell | null;
  #fragments: Uint8Array[] = [];
  #tag = 0;

  /** `producer`: the bell of the thread that writes, rung when it waits for room. */
  constructor(ring: SharedArrayBuffer, producer: Doorbell | null) {
    this.#producer = producer;
    this.#words = new Int32Array(ring, 0, DATA_OFFSET / 4);
    this.#capacity = ring.byteLength - DATA_OFFSET;
    this.#view = new DataView(ring, DATA_OFFSET, this.#capacity);
    this.#data = new Uint8Array(ring, DATA_OFFSET, this.#capacity);
    this.#head = Atomics.load(this.#words, HEAD_WORD) >>> 0;
    this.#knownTail = this.#head;
  }

  /** The next message, or null. Room is given back to the producer as soon as a record is copied out. */
  read(): Uint8Array | null {
    for (;;) {
      if (this.#head === this.#knownTail) {
        this.#knownTail = Atomics.load(this.#words, TAIL_WORD) >>> 0;
        if (this.#head === this.#knownTail) return null;
      }
      const offset = this.#head & (this.#capacity - 1);
      const length = this.#view.getUint32(offset, true);
      if (length === PADDING) {
        this.#advance(this.#capacity - offset);
        continue;
      }
      const message = this.#takeRecord(offset, length);
      if (message !== null) return message;
    }
  }

  /** The tag of the message that `read` returned last. */
  get tag(): number {
    return this.#tag;
  }

  /** Whether `read` would find a record (perhaps only a part of a message). */
  get ready(): boolean {
    return this.#head !== this.#knownTail || Atomics.load(this.#words, TAIL_WORD) >>> 0 !== this.#head;
  }

  #takeRecord(offset: number, length: number): Uint8Array | null {
    const flags = this.#view.getUint32(offset + 4, true);
    const continues = (flags & FLAG_CONTINUES) !== 0;
    this.#tag = flags >>> 8;
    const payload = Buffer.allocUnsafe(length);
    payload.set(this.#data.subarray(offset + RECORD_HEADER_BYTES, offset + RECORD_HEADER_BYTES + length));
    this.#advance(recordBytes(length));
    if (!continues && this.#fragments.length === 0) return payload;
    this.#fragments.push(payload);
    if (continues) return null;
    const message = Buffer.concat(this.#fragments);
    this.#fragments = [];
    return message;
  }

  #advance(bytes: number): void {
    this.#head = (this.#head + bytes) >>> 0;
    Atomics.store(this.#words, HEAD_WORD, this.#head | 0);
    if (Atomics.load(this.#words, STARVED_WORD) === 0) return;
    Atomics.store(this.#words, STARVED_WORD, 0);
    this.#producer?.ring();
  }
}
