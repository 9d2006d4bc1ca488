/**
 * A link carries a stream of bytes, cut into WebSocket messages wherever it suits the sender: each message of the link
 * is its length (u32) and its bytes. So no WebSocket message is large, and what a stranger could make a replica hold is
 * small, however large a message of the link may be.
 */
import { PsmrError } from '../../errors.js';

export const LENGTH_BYTES = 4;

/** The most bytes of the stream in one WebSocket message. */
export const CHUNK_BYTES_MAX = 65_536;

/** A buffer for cut messages is kept for the next one up to this size. */
const KEPT_BYTES_MAX = 1_048_576;

export class MessageReader {
  readonly #messageBytesMax: number;
  readonly #length = new Uint8Array(LENGTH_BYTES);
  readonly #lengthView = new DataView(this.#length.buffer);
  #lengthFilled = 0;
  /** Of the message being read; -1: its length is not complete. */
  #expected = -1;
  /** A message that did not lie whole in one chunk. */
  #cut = new Uint8Array(0);
  #cutFilled = 0;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /**
   * Hands over every message that is complete with `chunk`; the bytes are valid during the call only. `deliver` answers
   * false when the link has ended meanwhile. Throws FRAME_TOO_LARGE, after which the stream is lost.
   */
  read(chunk: Uint8Array, deliver: (message: Uint8Array) => boolean): void {
    let at = 0;
    while (at < chunk.byteLength || this.#expected === 0) {
      if (this.#expected < 0) {
        at = this.#readLength(chunk, at);
        continue;
      }
      const end = Math.min(at + this.#expected - this.#cutFilled, chunk.byteLength);
      const piece = chunk.subarray(at, end);
      at = end;
      const message = this.#complete(piece);
      if (message !== null && !deliver(message)) return;
    }
  }

  #readLength(chunk: Uint8Array, from: number): number {
    let at = from;
    while (at < chunk.byteLength && this.#lengthFilled < LENGTH_BYTES)
      this.#length[this.#lengthFilled++] = chunk[at++] ?? 0;
    if (this.#lengthFilled < LENGTH_BYTES) return at;
    this.#lengthFilled = 0;
    this.#expected = this.#lengthView.getUint32(0, true);
    if (this.#expected > this.#messageBytesMax) throw tooLarge(this.#expected, this.#messageBytesMax);
    return at;
  }

  #complete(piece: Uint8Array): Uint8Array | null {
    const expected = this.#expected;
    if (this.#cutFilled === 0 && piece.byteLength === expected) {
      this.#expected = -1;
      return piece;
    }
    if (this.#cut.byteLength < expected) this.#cut = new Uint8Array(expected);
    this.#cut.set(piece, this.#cutFilled);
    this.#cutFilled += piece.byteLength;
    if (this.#cutFilled < expected) return null;
    const message = this.#cut.subarray(0, expected);
    this.#expected = -1;
    this.#cutFilled = 0;
    if (this.#cut.byteLength > KEPT_BYTES_MAX) this.#cut = new Uint8Array(0);
    return message;
  }
}

function tooLarge(bytes: number, bytesMax: number): PsmrError {
  return new PsmrError(
    'FRAME_TOO_LARGE',
    `A message between replicas announces ${bytes} bytes, over the limit of ${bytesMax}: run the same version and the same limits on all replicas.`,
  );
}
