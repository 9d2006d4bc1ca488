/** One attempt at a link: connects, proves, probes while it is up. Ends once, and says why. */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { messageOf, PsmrError } from '../../errors.js';
import type { Certificate } from '../listen-failure.js';
import type { PeerAddress } from '../peer-links.js';
import { MessageSender } from './message-sender.js';
import { DiallerHandshake } from './peer-handshake.js';
import type { PeerLinksLimits } from './peer-links-options.js';
import { HANDSHAKE_BYTES_MAX } from './peer-messages.js';
import type { OwnIdentity } from './peer-refusal.js';

export interface DialContext {
  readonly own: OwnIdentity;
  readonly instance: Uint8Array;
  readonly secret: string;
  readonly limits: PeerLinksLimits;
  readonly certificate: Certificate | null;
  readonly localAddress: string | undefined;
}

export interface DialHandlers {
  up(sender: MessageSender): void;
  /** Called once, also where it was never up; UNREACHABLE where nobody refused anything. */
  down(problem: PsmrError): void;
}

export interface Dialled {
  readonly ended: Promise<void>;
  end(): void;
}

function connect(address: PeerAddress, context: DialContext): WebSocket {
  const host = address.host.includes(':') ? `[${address.host}]` : address.host;
  const url = `${context.certificate === null ? 'ws' : 'wss'}://${host}:${address.port}/`;
  if (!URL.canParse(url))
    throw new PsmrError(
      'INVALID_CONFIG',
      `${JSON.stringify(`${host}:${address.port}`)} is no address: correct that of replica ${address.id}.`,
    );
  const { localAddress = '' } = context;
  return new WebSocket(url, {
    ...context.certificate,
    // Only addresses can be bound: a replica that is configured by its name leaves where the system finds the way.
    ...(isIP(localAddress) === 0 ? {} : { localAddress }),
    perMessageDeflate: false,
    maxPayload: HANDSHAKE_BYTES_MAX,
    // Masks protect proxies from browsers. With zeros the bytes go out as they are, uncopied.
    generateMask: (mask) => mask.fill(0),
  });
}

class Attempt implements Dialled {
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;
  readonly #address: PeerAddress;
  readonly #context: DialContext;
  readonly #handlers: DialHandlers;
  readonly #handshake: DiallerHandshake;
  readonly #deadline: NodeJS.Timeout;
  #stream: Duplex | null = null;
  #sender: MessageSender | null = null;
  #problem: PsmrError | null = null;
  #probes: NodeJS.Timeout | undefined;
  #signOfLifeMs = 0;
  #takenBytes = 0;
  #wasFull = false;

  constructor(address: PeerAddress, context: DialContext, handlers: DialHandlers) {
    this.#address = address;
    this.#context = context;
    this.#handlers = handlers;
    this.#handshake = new DiallerHandshake(context.own, context.instance, context.secret, address);
    this.#socket = connect(address, context);
    this.#deadline = setTimeout(
      () => this.#fail(this.#unreachable(`no answer within ${context.limits.handshakeMs} ms`)),
      context.limits.handshakeMs,
    );
    this.ended = new Promise((resolve) => {
      this.#socket.on('close', () => {
        this.#close();
        resolve();
      });
    });
    this.#listen();
  }

  end(): void {
    this.#socket.terminate();
  }

  #listen(): void {
    this.#socket.on('upgrade', (response) => (this.#stream = response.socket));
    this.#socket.on('open', () => this.#socket.send(this.#handshake.hello));
    this.#socket.on('pong', () => (this.#signOfLifeMs = performance.now()));
    this.#socket.on('error', (error) => (this.#problem ??= this.#unreachable(messageOf(error))));
    this.#socket.on('message', (data) => {
      if (data instanceof Uint8Array && this.#receive(data) && this.#stream !== null) this.#up(this.#stream);
    });
  }

  /** True: the link is up with this. */
  #receive(bytes: Uint8Array): boolean {
    try {
      if (this.#sender !== null) throw this.#handshake.refusal(bytes);
      const { reply, done } = this.#handshake.receive(bytes);
      if (reply !== null) this.#socket.send(reply);
      return done;
    } catch (thrown) {
      this.#fail(thrown instanceof PsmrError ? thrown : this.#unreachable(messageOf(thrown)));
      return false;
    }
  }

  #up(stream: Duplex): void {
    clearTimeout(this.#deadline);
    this.#signOfLifeMs = performance.now();
    this.#sender = new MessageSender(this.#socket, stream);
    this.#probes = setInterval(() => this.#probe(), this.#context.limits.probeMs);
    this.#handlers.up(this.#sender);
  }

  /**
   * A peer that reads slowly answers late, behind everything that is under way: what it reads counts as well. The system
   * shows it by taking more when it had been full; as long as it has room, it takes what nobody reads.
   */
  #probe(): void {
    const { takenBytes } = this.#sender ?? { takenBytes: 0 };
    if (this.#wasFull && takenBytes > this.#takenBytes) this.#signOfLifeMs = performance.now();
    this.#takenBytes = takenBytes;
    this.#wasFull = this.#socket.bufferedAmount > 0;
    const silentMs = performance.now() - this.#signOfLifeMs;
    if (silentMs > this.#context.limits.deadMs)
      return this.#fail(this.#unreachable(`it has not answered for ${Math.round(silentMs)} ms`));
    if (this.#socket.readyState === this.#socket.OPEN) this.#socket.ping();
  }

  #fail(problem: PsmrError): void {
    this.#problem ??= problem;
    this.#socket.terminate();
  }

  #close(): void {
    clearTimeout(this.#deadline);
    clearInterval(this.#probes);
    this.#handlers.down(this.#problem ?? this.#unreachable('it closed the connection'));
  }

  #unreachable(why: string): PsmrError {
    const { id, host, port } = this.#address;
    return new PsmrError(
      'UNREACHABLE',
      `Replica ${id} at ${host}:${port} cannot be reached (${why}); trying on. Start it, or correct its address.`,
      { details: { peer: id, host, port } },
    );
  }
}

/** Throws INVALID_CONFIG where the address can be none. */
export function dial(address: PeerAddress, context: DialContext, handlers: DialHandlers): Dialled {
  return new Attempt(address, context, handlers);
}
