/** A connection through its handshake: dials, says HELLO, reads WELCOME or GOODBYE, then hands frames on. */
import { errorFromWire, messageOf, PsmrError } from '../errors.js';
import { FrameKind } from '../transport/frames.js';
import { decodeGoodbye, decodeWelcome, encodeHello, type Hello, type Welcome } from '../transport/handshake.js';
import type { Dial, DialledSocket } from './web-socket.js';

export interface GreetedEvents {
  welcome(welcome: Welcome): void;
  frame(bytes: Uint8Array): void;
  /** Once, unless closed before. */
  lost(error: PsmrError): void;
}

/** After these another try cannot go better. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'UNAUTHORIZED',
  'WRONG_SERVICE',
  'PROTOCOL_VERSION',
  'NOT_SUPPORTED',
]);

export function isFinal(error: PsmrError): boolean {
  return FINAL_CODES.has(error.code);
}

export class GreetedSocket {
  readonly #url: string;
  readonly #events: GreetedEvents;
  readonly #socket: DialledSocket;
  #welcomed = false;
  #ended = false;
  readonly #cancelTimeout: () => void;

  constructor(dial: Dial, url: string, hello: Hello, timeoutMs: number, events: GreetedEvents) {
    this.#url = url;
    this.#events = events;
    const timer = setTimeout(() => this.#fail(noContact(url, `no answer within ${timeoutMs} ms`)), timeoutMs);
    this.#cancelTimeout = () => clearTimeout(timer);
    this.#socket = dial(url, {
      open: () => this.#socket.send(encodeHello(hello), () => undefined),
      message: (bytes) => this.#receive(bytes),
      close: (why) => this.#fail(noContact(url, why)),
    });
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  send(frame: Uint8Array, taken: () => void): void {
    this.#socket.send(frame, taken);
  }

  close(): void {
    this.#ended = true;
    this.#cancelTimeout();
    this.#socket.close();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      if (bytes[0] === FrameKind.goodbye) return this.#fail(goodbyeOf(this.#url, bytes));
      if (this.#welcomed) return this.#events.frame(bytes);
      const welcome = decodeWelcome(bytes);
      this.#welcomed = true;
      this.#cancelTimeout();
      this.#events.welcome(welcome);
    } catch (thrown) {
      if (!(thrown instanceof PsmrError)) throw thrown;
      this.#fail(thrown);
    }
  }

  #fail(error: PsmrError): void {
    if (this.#ended) return;
    this.close();
    this.#events.lost(error);
  }
}

function goodbyeOf(url: string, bytes: Uint8Array): PsmrError {
  const { code, message } = decodeGoodbye(bytes);
  return errorFromWire(code, `${url}: ${message}`);
}

export function noContact(url: string, why: string): PsmrError {
  return new PsmrError('UNREACHABLE', `${url}: ${why}`, { details: { url } });
}

/** Dials, learns what a WELCOME tells, hangs up. Rejects with a PsmrError. */
export function askWelcome(dial: Dial, url: string, hello: Hello, timeoutMs: number): Promise<Welcome> {
  return new Promise((resolve, reject) => {
    try {
      const socket = new GreetedSocket(dial, url, hello, timeoutMs, {
        welcome: (welcome) => {
          socket.close();
          resolve(welcome);
        },
        frame: () => undefined,
        lost: reject,
      });
    } catch (thrown) {
      // Not a URL: it is thrown, not reported.
      reject(noContact(url, messageOf(thrown)));
    }
  });
}
