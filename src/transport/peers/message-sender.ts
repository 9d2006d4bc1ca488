/**
 * Writes messages to a link that is up: small ones of one turn of the event loop leave together in one WebSocket
 * message, large ones uncopied, all of a turn in one system call. What the system does not take at once waits here,
 * counted, and goes on when it has room.
 */
import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import { Fifo } from '../../fifo.js';
import type { Masks } from '../masks.js';
import { CHUNK_BYTES_MAX, LENGTH_BYTES } from './message-reader.js';

/** How much may lie between this queue and the system; keeps single writes small enough to see that they proceed. */
const WINDOW_BYTES = 1_048_576;

/** Pieces from this size on are not copied together with others. */
const DIRECT_BYTES = 8_192;

export class MessageSender {
  readonly #socket: WebSocket;
  readonly #stream: Duplex;
  readonly #masks: Masks;
  readonly #queue = new Fifo<Uint8Array>();
  /** How much of the first piece in the queue is sent. */
  #offset = 0;
  #queuedBytes = 0;
  #scheduled = false;
  #sentBytes = 0;
  #batch: Uint8Array[] = [];
  #batchBytes = 0;

  /** `stream` is what the open `socket` writes to, `masks` what it masks with. */
  constructor(socket: WebSocket, stream: Duplex, masks: Masks) {
    this.#socket = socket;
    this.#stream = stream;
    this.#masks = masks;
    stream.on('drain', this.#pump);
  }

  get unsentBytes(): number {
    return this.#queuedBytes + this.#socket.bufferedAmount;
  }

  /** Bytes that the system has taken; rises as long as the other end reads. */
  get takenBytes(): number {
    return this.#sentBytes - this.#socket.bufferedAmount;
  }

  /** `bytes`: of all the pieces. */
  push(pieces: readonly Uint8Array[], bytes: number): void {
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeUInt32LE(bytes);
    this.#queue.push(length);
    for (const piece of pieces) this.#queue.push(piece);
    this.#queuedBytes += LENGTH_BYTES + bytes;
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(this.#pump);
  }

  /** Sends what the system takes now. */
  readonly #pump = (): void => {
    this.#scheduled = false;
    if (this.#queuedBytes === 0 || this.#socket.readyState !== this.#socket.OPEN) return;
    // So little is one message: there is nothing to hold together.
    if (this.#queuedBytes < DIRECT_BYTES) this.#fill();
    else {
      this.#stream.cork();
      this.#fill();
      this.#stream.uncork();
    }
  };

  #fill(): void {
    while (this.#socket.bufferedAmount < WINDOW_BYTES && this.#next());
    this.#endBatch();
  }

  /** Moves one piece, or as much of it as fits in a chunk, out of the queue. False: there is none. */
  #next(): boolean {
    const piece = this.#queue.first;
    if (piece === undefined) return false;
    // A view of it has V8 move a small piece out of its heap first.
    const isWhole = this.#offset === 0 && piece.byteLength <= CHUNK_BYTES_MAX;
    const part = isWhole ? piece : piece.subarray(this.#offset, this.#offset + CHUNK_BYTES_MAX);
    if (part.byteLength > CHUNK_BYTES_MAX - this.#batchBytes || part.byteLength >= DIRECT_BYTES) this.#endBatch();
    this.#batch.push(part);
    this.#batchBytes += part.byteLength;
    this.#queuedBytes -= part.byteLength;
    this.#offset += part.byteLength;
    if (part.byteLength >= DIRECT_BYTES) this.#endBatch();
    if (this.#offset < piece.byteLength) return true;
    this.#queue.shift();
    this.#offset = 0;
    return true;
  }

  #endBatch(): void {
    const [first] = this.#batch;
    if (first === undefined) return;
    const chunk = this.#batch.length === 1 ? first : Buffer.concat(this.#batch, this.#batchBytes);
    this.#batch = [];
    this.#sentBytes += this.#batchBytes;
    this.#batchBytes = 0;
    this.#masks.announce(chunk.byteLength);
    this.#socket.send(chunk, { binary: true });
  }

  /** Hands everything queued to the system, whatever it holds already: for the end of a link. */
  flush(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    while (this.#next());
    this.#endBatch();
  }
}
