/**
 * The server side of a connection: from the events of an endpoint to checked COMMANDS frames of known sessions.
 * Whatever a client does wrong costs that client its connection and nobody else anything.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { PsmrError } from '../errors.js';
import type { Connection, EndpointHandlers } from './endpoint.js';
import { type CommandsFrame, decodeCommandsFrame, badFrame } from './frames.js';
import { checkCommands, type GroupShape } from './frame-check.js';
import { decodeSubscriptionRequest, isSubscriptionRequest, type SubscriptionRequest } from './subscription-frames.js';
import { decodeHello, encodeGoodbye, epochOf, encodeWelcome, type Hello, type Welcome } from './handshake.js';

/** A connection without a HELLO is closed after this long. */
const HELLO_TIMEOUT_MS = 10_000;

/** One client session on this group, from its HELLO until `onGone`; the same object all that time. */
export interface SessionLink {
  /** The session's 16 bytes in hex. */
  readonly sessionKey: string;
  /** Queues one reply. False: the client is gone, and `onGone` came or comes. */
  send(message: Uint8Array): boolean;
}

export interface SessionGateHandlers {
  /**
   * Asked at each HELLO; a PsmrError that it throws is the client's GOODBYE. Frames are checked against the partition map that their client was welcomed with; those of
   * another epoch pass unchecked, for `onFrame` to reject with WRONG_EPOCH.
   */
  welcome(): Welcome;
  /** The service's name. */
  readonly service: string;
  /** The shared token that clients must give; null: none is asked for. */
  readonly token: string | null;
  /**
   * A checked frame of the session. `bytes` and all views in `frame` are valid during the call only. The bodies of
   * its segments are not decoded yet: they may still prove malformed at execution.
   */
  onFrame(link: SessionLink, frame: CommandsFrame, bytes: Uint8Array): void;
  /** A checked message about subscriptions. A PsmrError that it throws is the client's GOODBYE. */
  onSubscription(link: SessionLink, request: SubscriptionRequest): void;
  /** The session's connection is gone (or another connection has taken the session over): it may come back. */
  onGone(sessionKey: string, link: SessionLink): void;
}

/** Time as an argument: calls `act` after `delayMs` unless the returned function was called before. */
export type After = (delayMs: number, act: () => void) => () => void;

const afterTimeout: After = (delayMs, act) => {
  const timer = setTimeout(act, delayMs).unref();
  return () => clearTimeout(timer);
};

type State =
  | { readonly phase: 'new'; readonly cancelTimeout: () => void }
  | { readonly phase: 'visitor' }
  | { readonly phase: 'session'; readonly link: GateLink }
  | { readonly phase: 'ended' };

class GateLink implements SessionLink {
  readonly sessionKey: string;
  readonly session: Uint8Array;
  readonly connection: Connection;
  /** As the client was told in its WELCOME. */
  readonly shape: GroupShape;

  constructor(session: Uint8Array, connection: Connection, shape: GroupShape) {
    this.sessionKey = Buffer.from(session).toString('hex');
    this.session = session;
    this.connection = connection;
    this.shape = shape;
  }

  send(message: Uint8Array): boolean {
    return this.connection.send(message);
  }
}

export class SessionGate implements EndpointHandlers {
  readonly #handlers: SessionGateHandlers;
  readonly #after: After;
  readonly #states = new Map<number, State>();
  readonly #sessions = new Map<string, GateLink>();

  constructor(handlers: SessionGateHandlers, after: After = afterTimeout) {
    this.#handlers = handlers;
    this.#after = after;
  }

  open(connection: Connection): void {
    const cancelTimeout = this.#after(HELLO_TIMEOUT_MS, () =>
      this.#dismiss(connection, badFrame(`no HELLO came within ${HELLO_TIMEOUT_MS} ms`)),
    );
    this.#states.set(connection.id, { phase: 'new', cancelTimeout });
  }

  message(connection: Connection, message: Uint8Array): void {
    try {
      this.#receive(connection, message);
    } catch (thrown) {
      // Only what the client did is its own matter; anything else is a fault of this side and must be seen.
      if (!(thrown instanceof Refusal)) throw thrown;
      this.#dismiss(connection, thrown.error);
    }
  }

  close(connection: Connection): void {
    this.#leave(connection, 'gone');
    this.#states.delete(connection.id);
  }

  /** Ends every session's connection with this word; visitors may stay. */
  dismissAll(error: PsmrError): void {
    for (const link of [...this.#sessions.values()]) this.#dismiss(link.connection, error);
  }

  #receive(connection: Connection, message: Uint8Array): void {
    const state = this.#states.get(connection.id);
    if (state === undefined || state.phase === 'ended') return;
    if (state.phase === 'new') return this.#greet(connection, message, state.cancelTimeout);
    if (state.phase === 'visitor')
      throw new Refusal(badFrame('more than a HELLO on a connection whose HELLO had no session'));
    if (isSubscriptionRequest(message))
      return refusing(() => this.#handlers.onSubscription(state.link, decodeSubscriptionRequest(message)));
    const frame = refusing(() => this.#readCommands(state.link, message));
    this.#handlers.onFrame(state.link, frame, message);
  }

  #readCommands(link: GateLink, message: Uint8Array): CommandsFrame {
    const frame = decodeCommandsFrame(message);
    if (!sameBytes(frame.session, link.session)) throw badFrame("its session is not the HELLO's");
    checkCommands(frame, link.shape);
    return frame;
  }

  #greet(connection: Connection, message: Uint8Array, cancelTimeout: () => void): void {
    const hello = refusing(() => this.#readHello(message));
    cancelTimeout();
    // It may throw too: a server that is still starting has nothing to say yet.
    const welcome = refusing(() => this.#handlers.welcome());
    if (hello.session === null) {
      this.#states.set(connection.id, { phase: 'visitor' });
    } else {
      const link = new GateLink(hello.session, connection, shapeOf(welcome));
      this.#takeOver(link.sessionKey);
      this.#sessions.set(link.sessionKey, link);
      this.#states.set(connection.id, { phase: 'session', link });
    }
    connection.send(encodeWelcome(welcome));
  }

  #readHello(message: Uint8Array): Hello {
    const hello = decodeHello(message);
    // The token comes first: who has none learns nothing else.
    if (!tokenFits(this.#handlers.token, hello.token))
      throw new PsmrError(
        'UNAUTHORIZED',
        'The token is missing or wrong: give the token that the server was started with.',
      );
    if (hello.service !== null && hello.service !== this.#handlers.service)
      throw new PsmrError(
        'WRONG_SERVICE',
        `This server runs the service '${this.#handlers.service}', not '${hello.service}': connect to another server, or use that service's definition.`,
        { details: { service: this.#handlers.service } },
      );
    return hello;
  }

  /** A client that reconnects may be here before its old connection is known to be dead: the newest one counts. */
  #takeOver(sessionKey: string): void {
    const old = this.#sessions.get(sessionKey);
    if (old === undefined) return;
    const sentence = 'Another connection took this session over: give each client a session of its own.';
    this.#dismiss(old.connection, new PsmrError('SESSION_EXPIRED', sentence));
  }

  #dismiss(connection: Connection, error: PsmrError): void {
    this.#leave(connection, 'ended');
    const leader = error.details['leader'];
    const { code, message } = error;
    connection.send(encodeGoodbye({ code, message, ...(typeof leader === 'number' ? { leader } : {}) }));
    connection.close();
  }

  #leave(connection: Connection, how: 'ended' | 'gone'): void {
    const state = this.#states.get(connection.id);
    if (state === undefined) return;
    // First the state, then the calls: sending may close the connection, which comes back here.
    if (how === 'ended') this.#states.set(connection.id, { phase: 'ended' });
    else this.#states.delete(connection.id);
    if (state.phase === 'new') state.cancelTimeout();
    if (state.phase !== 'session') return;
    this.#sessions.delete(state.link.sessionKey);
    this.#handlers.onGone(state.link.sessionKey, state.link);
  }
}

function shapeOf({ group, partitionMap, endpoints }: Welcome): GroupShape {
  return { group, streams: endpoints.length - 1, epoch: epochOf(partitionMap) };
}

/** Tells a client's fault from an error of the handlers that run on the same stack. */
class Refusal extends Error {
  readonly error: PsmrError;

  constructor(error: PsmrError) {
    super(error.message);
    this.error = error;
  }
}

function refusing<T>(read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    throw thrown instanceof PsmrError ? new Refusal(thrown) : thrown;
  }
}

/** In constant time: over digests, so that neither length nor place of the first difference shows. */
function tokenFits(expected: string | null, given: string | null): boolean {
  if (expected === null) return true;
  const digest = (token: string): Buffer => createHash('sha256').update(token).digest();
  return timingSafeEqual(digest(expected), digest(given ?? '')) && given !== null;
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  for (let i = 0; i < b.byteLength; i++) if (a[i] !== b[i]) return false;
  return a.byteLength === b.byteLength;
}
