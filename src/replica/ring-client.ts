import { Doorbell } from '../memory/doorbell.js';
import { RingReader, RingWriter } from '../memory/ring.js';
import type { ReplyLink } from './reply-link.js';

/** One in-process client's memory towards one group. */
export interface RingClientMemory {
  readonly id: number;
  /** Int32: 0 the client thread's bell | 16 closed by the client (1) | 17 a client has been made of it (1). */
  readonly words: SharedArrayBuffer;
  readonly requests: SharedArrayBuffer;
  readonly replies: SharedArrayBuffer;
}

export const CLIENT_BELL_WORD = 0;
export const CLIENT_CLOSED_WORD = 16;
export const CLIENT_TAKEN_WORD = 17;
export const CLIENT_WORDS_BYTES = 128;

/** Where replies to one session of a ring's client go. */
export class RingReplyLink implements ReplyLink {
  constructor(
    readonly ring: RingClient,
    readonly tag: number,
  ) {}

  send(frame: Uint8Array): boolean {
    return this.ring.send(frame, this.tag);
  }
}

interface WaitingReply {
  readonly frame: Uint8Array;
  readonly tag: number;
}

/**
 * The worker's end of an in-process client: requests come from one ring, replies leave through another. Both carry a
 * tag: a client that begins a new session takes a new one, and so knows late replies to the old session.
 */
export class RingClient {
  readonly id: number;
  readonly #words: Int32Array;
  readonly #bell: Doorbell;
  readonly #requests: RingReader;
  readonly #replies: RingWriter;
  readonly #unreadBytesMax: number;
  #waiting: WaitingReply[] = [];
  #link: RingReplyLink | null = null;
  #waitingBytes = 0;

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
    return Atomics.load(this.#words, CLIENT_CLOSED_WORD) === 1;
  }

  /** The next request; null: there is none, or the client is to read its replies first. */
  read(): Uint8Array | null {
    return this.#waitingBytes > this.#unreadBytesMax ? null : this.#requests.read();
  }

  /** Where replies to the request that was read last go. */
  get link(): ReplyLink {
    const { tag } = this.#requests;
    if (this.#link?.tag !== tag) this.#link = new RingReplyLink(this, tag);
    return this.#link;
  }

  /** False: the client is gone. */
  send(frame: Uint8Array, tag: number): boolean {
    if (this.closed) return false;
    if (this.#waiting.length === 0 && this.#replies.offer(frame, tag)) return true;
    this.#waiting.push({ frame, tag });
    this.#waitingBytes += frame.byteLength;
    return true;
  }

  /** Makes replies visible and wakes the client; true: something moved. */
  flush(): boolean {
    let moved = this.#replies.heldBack && this.#replies.flush();
    let sent = 0;
    for (const { frame, tag } of this.#waiting) {
      if (!this.#replies.offer(frame, tag)) break;
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
