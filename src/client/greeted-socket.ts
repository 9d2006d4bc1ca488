/** A connection through its handshake: dials, says HELLO, reads WELCOME or GOODBYE, then hands frames on. */
import { errorFromWire, PsmrError } from '../errors.js';
import { FrameKind } from '../transport/frames.js';
import { decodeGoodbye, decodeWelcome, encodeHello, type Hello, type Welcome } from '../transport/handshake.js';
import type { ClientClock } from './client-clock.js';
import type { Dial, DialledSocket } from './web-socket.js';

export interface GreetedEvents {
  /** A PsmrError that it throws ends the connection and is the reason of `lost`. */
  welcome(welcome: Welcome): void;
  frame(bytes: Uint8Array): void;
  /** Once, unless closed before. `leader`: the replica that a GOODBYE named in its stead; 0: none. */
  lost(error: PsmrError, leader: number): void;
}

export interface GreetedOptions {
  readonly dial: Dial;
  readonly url: string;
  readonly hello: Hello;
  readonly timeoutMs: number;
  readonly clock: ClientClock;
}

/** After these another try cannot go better. */
const FINAL_CODES: ReadonlySet<string> = new Set([
  'UNAUTHORIZED',
  'WRONG_SERVICE',
  'PROTOCOL_VERSION',
  'NOT_SUPPORTED',
]);

export function isFinal(error: PsmrError): boolean {
  return FINAL_CODES.has(error.code) || error.details['distrusted'] === true;
}

export class GreetedSocket {
  readonly #url: string;
  #events: GreetedEvents;
  readonly #socket: DialledSocket;
  #welcomed = false;
  #ended = false;
  readonly #cancelTimeout: () => void;

  constructor({ dial, url, hello, timeoutMs, clock }: GreetedOptions, events: GreetedEvents) {
    this.#url = url;
    this.#events = events;
    this.#socket = dial(url, {
      open: () => this.#socket.send(encodeHello(hello), () => undefined),
      message: (bytes) => this.#receive(bytes),
      close: (why, distrusted = false) => {
        if (distrusted) return this.#fail(distrust(url, why));
        this.#fail(noContact(url, `${why}${this.#welcomed ? '' : hintAt(url, why)}`));
      },
    });
    const late = (): void => this.#fail(noContact(url, `no answer within ${timeoutMs} ms`));
    this.#cancelTimeout = clock.after(timeoutMs, late);
  }

  get bufferedBytes(): number {
    return this.#socket.bufferedBytes;
  }

  send(frame: Uint8Array, taken: () => void): void {
    this.#socket.send(frame, taken);
  }

  /** From now on what happens is told there. */
  handOver(events: GreetedEvents): void {
    this.#events = events;
  }

  close(): void {
    this.#ended = true;
    this.#cancelTimeout();
    this.#socket.close();
  }

  #receive(bytes: Uint8Array): void {
    if (this.#ended) return;
    try {
      if (bytes[0] === FrameKind.goodbye) return this.#dismissed(bytes);
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

  #dismissed(bytes: Uint8Array): void {
    const { code, message, leader = 0 } = decodeGoodbye(bytes);
    this.#fail(errorFromWire(code, `${this.#url}: ${message}`), code === 'NOT_LEADER' ? leader : 0);
  }

  #fail(error: PsmrError, leader = 0): void {
    if (this.#ended) return;
    this.close();
    this.#events.lost(error, leader);
  }
}

/** What ends a connection before anything is said is often an address of something else. */
function hintAt(url: string, why: string): string {
  if (/unexpected server response/i.test(why))
    return ' (is it the port of HTTP? Clients connect to that of WebSockets)';
  if (/hang up/.test(why) && url.startsWith('ws:'))
    return ' (does the server have TLS? Then its address begins with wss:)';
  return '';
}

function distrust(url: string, why: string): PsmrError {
  const sentence =
    `${url}: the server's certificate is not accepted: ${why}. Connect by a name that is in the certificate, and give ` +
    'the authority that it is from: tls: { ca }, or --tls-ca FILE.';
  return new PsmrError('UNREACHABLE', sentence, { details: { url, distrusted: true } });
}

export function noContact(url: string, why: string): PsmrError {
  return new PsmrError('UNREACHABLE', `${url}: ${why}`, { details: { url } });
}
