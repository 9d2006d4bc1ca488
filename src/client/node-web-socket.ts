import { type ClientOptions, WebSocket } from 'ws';
import { messageOf } from '../errors.js';
import { isDistrust } from '../transport/distrust.js';
import { Masks } from '../transport/masks.js';
import type { Dial, DialledSocket, DialOptions, WebSocketEvents } from './web-socket.js';

/** More than the results of any frame take (execution/result-allowance.ts). */
const REPLY_BYTES_MAX = 1 << 30;

class NodeSocket implements DialledSocket {
  readonly #socket: WebSocket;
  readonly #masks = new Masks();
  #why = 'the connection was closed';
  #distrusted = false;
  #done = false;

  constructor(url: string, options: ClientOptions, events: WebSocketEvents) {
    this.#socket = new WebSocket(url, { ...options, generateMask: this.#masks.generate });
    this.#socket.on('open', () => this.#done || events.open());
    this.#socket.on('message', (data) => {
      if (!this.#done) events.message(data instanceof Uint8Array ? data : new Uint8Array());
    });
    // 'close' always follows, and says nothing of the reason.
    this.#socket.on('error', (error) => {
      this.#why = messageOf(error) || 'the connection failed';
      this.#distrusted = isDistrust(error);
    });
    this.#socket.on('close', () => {
      if (this.#done) return;
      this.#done = true;
      events.close(this.#why, this.#distrusted);
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedAmount;
  }

  send(message: Uint8Array, taken: () => void): void {
    this.#masks.announce(message.byteLength);
    this.#socket.send(message, { binary: true }, taken);
  }

  close(): void {
    this.#done = true;
    // What was sent still goes out; a peer that does not answer the close is cut off by `ws` after a while.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close();
    else this.#socket.terminate();
  }
}

export function dialWithWs({ ca, rejectUnauthorized }: DialOptions): Dial {
  const options: ClientOptions = {
    perMessageDeflate: false,
    skipUTF8Validation: true,
    maxPayload: REPLY_BYTES_MAX,
    ...(ca === undefined ? {} : { ca: typeof ca === 'string' ? ca : Buffer.from(ca) }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
  };
  return (url, events) => new NodeSocket(url, options, events);
}
