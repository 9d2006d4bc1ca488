/** One attempt at a link: connects, proves, probes while it is up. Ends once, and says why. */
import { isIP } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import { addressText } from '../../address-text.js';
import { messageOf, PsmrError } from '../../errors.js';
import { isDistrust } from '../distrust.js';
import type { Certificate } from '../listen-failure.js';
import { Masks } from '../masks.js';
import type { PeerAddress } from '../peer-links.js';
import { brokeOff, saidNothing, speaksPlainHttp, speaksTls } from '../what-listens.js';
import { MessageSender } from './message-sender.js';
import { DiallerHandshake } from './peer-handshake.js';
import type { PeerLinksLimits } from './peer-links-options.js';
import { HANDSHAKE_BYTES_MAX } from './peer-messages.js';
import type { OwnIdentity } from './peer-refusal.js';
import { distrusted, distrusts, speaksOtherwise } from './tls-problems.js';

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

/** `secured`: TLS is there, and the listener's certificate is accepted. */
function connect(address: PeerAddress, context: DialContext, masks: Masks, secured: () => void): WebSocket {
  const place = addressText(address);
  const url = `${context.certificate === null ? 'ws' : 'wss'}://${place}/`;
  if (!URL.canParse(url))
    throw new PsmrError(
      'INVALID_CONFIG',
      `${JSON.stringify(place)} is no address: correct that of replica ${address.id}.`,
    );
  const { localAddress = '' } = context;
  return new WebSocket(url, {
    ...context.certificate,
    // Only addresses can be bound: a replica that is configured by its name leaves where the system finds the way.
    ...(isIP(localAddress) === 0 ? {} : { localAddress }),
    perMessageDeflate: false,
    maxPayload: HANDSHAKE_BYTES_MAX,
    generateMask: masks.generate,
    finishRequest: (request) => {
      request.once('socket', (socket) => socket.once('secureConnect', secured));
      request.end();
    },
  });
}

class Attempt implements Dialled {
  readonly ended: Promise<void>;
  readonly #socket: WebSocket;
  readonly #address: PeerAddress;
  readonly #context: DialContext;
  readonly #handlers: DialHandlers;
  readonly #handshake: DiallerHandshake;
  readonly #masks = new Masks();
  readonly #deadline: NodeJS.Timeout;
  readonly #doubt: NodeJS.Timeout | undefined;
  /** Ends what is asked of the listener beside the link. */
  readonly #over = new AbortController();
  #secured = false;
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
    this.#socket = connect(address, context, this.#masks, () => {
      this.#secured = true;
      clearTimeout(this.#doubt);
    });
    // A listener without TLS may wait for the end of what to it is a strange request.
    if (context.certificate !== null) this.#doubt = setTimeout(() => void this.#doubts(), context.limits.probeMs);
    this.#deadline = setTimeout(
      () => this.#fail(this.#unreachable(`no answer within ${context.limits.handshakeMs} ms`)),
      context.limits.handshakeMs,
    );
    this.ended = new Promise((resolve) => {
      this.#socket.on('close', () => void this.#close().then(resolve));
    });
    this.#listen();
  }

  end(): void {
    this.#over.abort();
    this.#socket.terminate();
  }

  #listen(): void {
    this.#socket.on('upgrade', (response) => (this.#stream = response.socket));
    this.#socket.on('open', () => this.#socket.send(this.#handshake.hello));
    this.#socket.on('pong', () => (this.#signOfLifeMs = performance.now()));
    this.#socket.on('error', (error) => (this.#problem ??= this.#problemOf(error)));
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
    this.#sender = new MessageSender(this.#socket, stream, this.#masks);
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

  /** Calls `down` at once, unless the listener is to be asked first. */
  async #close(): Promise<void> {
    clearTimeout(this.#deadline);
    clearTimeout(this.#doubt);
    clearInterval(this.#probes);
    const problem = this.#problem ?? this.#unreachable('it closed the connection');
    const isSilent = this.#stream === null && !this.#secured && saidNothing(problem.cause);
    this.#handlers.down(isSilent && (await this.#listensOtherwise()) ? this.#otherwise() : problem);
  }

  async #doubts(): Promise<void> {
    if (await this.#listensOtherwise()) this.#fail(this.#otherwise());
  }

  /** Only one of the two ends has TLS. */
  #listensOtherwise(): Promise<boolean> {
    const { certificate, localAddress } = this.#context;
    const { host, port } = this.#address;
    const ask = certificate === null ? speaksTls : speaksPlainHttp;
    return ask({ host, port, localAddress }, this.#over.signal);
  }

  #otherwise(): PsmrError {
    return speaksOtherwise(this.#address, this.#context.certificate !== null);
  }

  #problemOf(error: Error): PsmrError {
    if (isDistrust(error)) return distrusts(this.#address, error);
    // All that a listener reads of a dialler before it answers is the certificate.
    const refused = this.#secured && this.#stream === null && brokeOff(error);
    return refused ? distrusted(this.#address) : this.#unreachable(messageOf(error), error);
  }

  #unreachable(why: string, cause?: unknown): PsmrError {
    const { id, host, port } = this.#address;
    return new PsmrError(
      'UNREACHABLE',
      `Replica ${id} at ${host}:${port} cannot be reached (${why}); trying on. Start it, or correct its address.`,
      { cause, details: { peer: id, host, port } },
    );
  }
}

/** Throws INVALID_CONFIG where the address can be none. */
export function dial(address: PeerAddress, context: DialContext, handlers: DialHandlers): Dialled {
  return new Attempt(address, context, handlers);
}
