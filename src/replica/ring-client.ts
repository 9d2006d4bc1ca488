import { Doorbell } from '../memory/doorbell.js';
import { RingReader, RingWriter } from '../memory/ring.js';
import type { ReplyLink } from './reply-link.js';

/** One in-process client's memory towards one group. */
export interface RingClientMemory {
  readonly id: number;
  /** Int32: 0 the client thread's bell | 1 closed by the client (1). */
  readonly words: SharedArrayBuffer;
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
}

export const CLIENT_BELL_WORD = 0;
export const CLIENT_CLOSED_WORD = 16;
export const CLIENT_WORDS_BYTES = 128;

/** The worker's end of an in-process client: requests come from one ring, replies leave through another. */
export class RingClient implements ReplyLink {
  readonly id: number;
  readonly #words: Int32Array;
  readonly #bell: Doorbell;
  readonly #requests: RingReader;
  readonly #replies: RingWriter;
  readonly #unreadBytesMax: number;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #lost = false;

  /** The client's bell rings for replies, and when there is room again for requests. */
  constructor(memory: RingClientMemory, unreadBytesMax: number) {
    this.id = memory.id;
    this.#words = new Int32Array(memory.words);
    this.#bell = new Doorbell(this.#words, CLIENT_BELL_WORD);
    this.#requests = new RingReader(memory.requests, this.#bell);
    this.#replies = new RingWriter(memory.replies);
    this.#unreadBytesMax = unreadBytesMax;
  }

  get closed(): boolean {
    return this.#lost || Atomics.load(this.#words, CLIENT_CLOSED_WORD) === 1;
  }

  read(): Uint8Array | null {
    return this.#requests.read();
  }

  send(frame: Uint8Array): boolean {
    if (this.#lost) return false;
    if (this.#waiting.length === 0 && this.#replies.offer(frame)) return true;
    this.#waiting.push(frame);
    this.#waitingBytes += frame.byteLength;
    // A client thread that reads nothing for that long is taken for dead: others go on.
    if (this.#waitingBytes > this.#unreadBytesMax) this.#lost = true;
    return !this.#lost;
  }

  /** Makes replies visible and wakes the client; true: something moved. */
  flush(): boolean {
    let moved = this.#replies.heldBack && this.#replies.flush();
    let sent = 0;
    for (const frame of this.#waiting) {
      if (!this.#replies.offer(frame)) break;
      this.#waitingBytes -= frame.byteLength;
      sent++;
    }
    if (sent > 0) {
      this.#waiting.splice(0, sent);
      moved = true;
    }
    if (this.#replies.publish()) this.#bell.ring();
    return moved;
  }
}
