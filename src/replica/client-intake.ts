/** The clients of one group: takes their frames from rings and connections, and brings replies back to them. */
import { PsmrError } from '../errors.js';
import { digestOf } from '../execution/frame-digest.js';
import { encodeRejection } from '../execution/result-batch.js';
import { sessionKeyOf } from '../execution/session-table.js';
import { wrongEpoch } from '../execution/stream-executor.js';
import { Counter, type Counters } from '../memory/counters.js';
import type { Limits } from '../config/limits.js';
import type { FrameLatency } from '../metrics/frame-latency.js';
import type { OfferedFrame } from '../ordering/proposer.js';
import type { Endpoint, EndpointOptions } from '../transport/endpoint.js';
import { listen } from '../transport/listen.js';
import { checkCommands } from '../transport/frame-check.js';
import {
  badFrame,
  commandCount,
  decodeCommandsFrame,
  FLAG_READ_ONLY,
  type CommandsFrame,
} from '../transport/frames.js';
import type { Welcome } from '../transport/handshake.js';
import { SessionGate } from '../transport/session-gate.js';
import { AwaitedFrames } from './awaited-frames.js';
import type { ReplyLink } from './reply-link.js';
import type { Subscriptions } from './subscriptions.js';
import { RingClient, RingReplyLink, type RingClientMemory } from './ring-client.js';

/** A session's way back, and the newest entry that holds commands of it. */
export interface Route {
  readonly key: string;
  link: ReplyLink;
  /** Of those that go through a log. */
  awaited: AwaitedFrames;
  lastIndex: number;
}

export interface ClientIntakeOptions {
  readonly group: number;
  readonly streams: number;
  readonly epoch: number;
  readonly limits: Limits;
  readonly counters: Counters;
  readonly latency: FrameLatency | null;
  /** Bytes taken in and not executed yet. */
  readonly queuedBytes: () => number;
  /** Null: nothing is published here. */
  readonly subscriptions: Subscriptions | null;
  /** Why a frame cannot be taken now; null: it can. */
  readonly refused: (frame: CommandsFrame) => PsmrError | null;
  /** A checked frame of the epoch in force; the bytes are the node's to keep. */
  readonly accept: (frame: CommandsFrame, bytes: Uint8Array, route: Route) => void;
  /** Something came through the event loop: poll soon. */
  readonly wake: () => void;
}

/** Frames taken from one ring before the next one gets its turn. */
const FRAMES_PER_TURN = 64;

export class ClientIntake {
  readonly #options: ClientIntakeOptions;
  readonly #routes = new Map<string, Route>();
  #rings: RingClient[] = [];
  #endpoint: Endpoint | null = null;
  #opening: Promise<Endpoint> | null = null;
  #gate: SessionGate | null = null;

  constructor(options: ClientIntakeOptions) {
    this.#options = options;
  }

  addRing(memory: RingClientMemory): void {
    this.#rings.push(new RingClient(memory, this.#options.limits.unreadBytesMax));
    this.#options.wake();
  }

  /** Opens the group's endpoint; resolves with its port. */
  async listen(
    endpoint: EndpointOptions,
    service: string,
    token: string | null,
    welcome: () => Welcome,
  ): Promise<number> {
    this.#opening = listen(endpoint, this.openGate(service, token, welcome));
    this.#endpoint = await this.#opening;
    return this.#endpoint.port;
  }

  /** Where connections come in; `listen` makes one of its own. */
  openGate(service: string, token: string | null, welcome: () => Welcome): SessionGate {
    this.#gate = new SessionGate({
      service,
      token,
      welcome,
      onFrame: (link, frame, bytes) => {
        const kept = Buffer.from(bytes);
        this.#receive(decodeCommandsFrame(kept), kept, link);
        this.#options.wake();
      },
      onSubscription: (link, request) => {
        const { subscriptions, group, wake } = this.#options;
        if (subscriptions === null) throw badFrame(`nothing is published in group ${group}: subscribe to streams`);
        subscriptions.receive(link, request);
        wake();
      },
      onGone: (sessionKey, link) => {
        this.#routes.delete(Buffer.from(sessionKey, 'hex').toString('latin1'));
        this.#options.subscriptions?.drop(link);
      },
    });
    return this.#gate;
  }

  /**
   * This replica leads the group no more, and what of its clients' frames will be committed is not known. Connections
   * end: their clients send the frames again to the new leader, in their sessions. A ring stays: its frames are
   * followed in the log, so each is answered by its results or, once it is known to be lost, by a rejection.
   */
  leadershipLost(error: PsmrError, committedIndex: number): void {
    for (const route of this.#routes.values()) route.lastIndex = Math.min(route.lastIndex, committedIndex);
    this.#gate?.dismissAll(error);
    this.#options.latency?.forget();
  }

  /** Says that a frame was not executed and will not be. */
  refuse(link: ReplyLink, frame: CommandsFrame, error: PsmrError): void {
    this.#options.counters.add(Counter.rejectedFrames, 1);
    const flags = frame.flags & FLAG_READ_ONLY;
    link.send(encodeRejection(error, this.#options.group, frame.firstSequence, commandCount(frame), flags));
  }

  get connections(): number {
    return this.#endpoint?.connections ?? 0;
  }

  /** Takes frames from the rings while there is room for them; what does not fit stays in its ring. */
  poll(): boolean {
    let worked = false;
    for (const ring of this.#rings) {
      for (let taken = 0; taken < FRAMES_PER_TURN && this.#hasRoom(); taken++) {
        const bytes = ring.read();
        if (bytes === null) break;
        this.#receiveFromRing(ring, bytes);
        worked = true;
      }
    }
    if (this.#rings.some((ring) => ring.closed)) this.#dropClosed();
    return worked;
  }

  /** The reply to a frame of that digest, if the client that has the session has sent such a one. */
  reply(sessionKey: string, reply: Uint8Array, digest: number): void {
    const route = this.#routes.get(sessionKey);
    if (route === undefined || !route.awaited.answers(digest, reply)) return;
    this.#options.latency?.answered(sessionKey, reply);
    if (!route.link.send(reply)) this.#routes.delete(sessionKey);
  }

  /** Makes replies visible to in-process clients, once for all of a poll. */
  flushReplies(): boolean {
    let moved = false;
    for (const ring of this.#rings) moved = ring.flush() || moved;
    return moved;
  }

  /** Also an endpoint that is being opened: a thread that ended with its socket open would take the process with it. */
  async close(): Promise<void> {
    const endpoint = await this.#opening?.catch(() => null);
    this.#opening = this.#endpoint = null;
    await endpoint?.close();
  }

  #hasRoom(): boolean {
    return this.#options.queuedBytes() < this.#options.limits.queueBytesMax;
  }

  #receiveFromRing(ring: RingClient, bytes: Uint8Array): void {
    const { group, streams } = this.#options;
    const { link } = ring;
    const frame = decodeCommandsFrame(bytes);
    try {
      checkCommands(frame, { group, streams, epoch: this.#options.epoch });
    } catch (error) {
      if (!(error instanceof PsmrError)) throw error;
      return this.refuse(link, frame, error);
    }
    this.#receive(frame, bytes, link);
  }

  #receive(frame: CommandsFrame, bytes: Uint8Array, link: ReplyLink): void {
    if (frame.epoch !== this.#options.epoch) return this.refuse(link, frame, wrongEpoch());
    if (!this.#hasRoom()) return this.refuse(link, frame, overloaded());
    const refusal = this.#options.refused(frame);
    if (refusal !== null) return this.refuse(link, frame, refusal);
    const route = this.#routeOf(frame, link);
    this.#options.latency?.cameIn(route.key, bytes);
    this.#options.accept(frame, bytes, route);
  }

  #routeOf(frame: CommandsFrame, link: ReplyLink): Route {
    const key = sessionKeyOf(frame.session);
    const known = this.#routes.get(key);
    if (known !== undefined) {
      if (known.link !== link) known.awaited = new AwaitedFrames();
      known.link = link;
      return known;
    }
    const route = { key, link, awaited: new AwaitedFrames(), lastIndex: 0 };
    this.#routes.set(key, route);
    return route;
  }

  #dropClosed(): void {
    this.#rings = this.#rings.filter((ring) => !ring.closed);
    // Their routes too: most wait for no reply that would find the client gone, and each keeps the memory of its rings.
    for (const [key, { link }] of this.#routes)
      if (link instanceof RingReplyLink && link.ring.closed) this.#routes.delete(key);
  }
}

/** A frame on its way to the log. Refused on the link that it came by: that transmission, and no other. */
export function offeredFrame(
  clients: ClientIntake,
  frame: CommandsFrame,
  bytes: Uint8Array,
  route: Route,
  announce?: (index: number) => void,
): OfferedFrame {
  const { link } = route;
  route.awaited.add(frame, digestOf(bytes, frame));
  return {
    bytes,
    proposed: (index) => {
      route.lastIndex = index;
      announce?.(index);
    },
    refused: (error) => clients.refuse(link, frame, error),
  };
}

function overloaded(): PsmrError {
  return new PsmrError(
    'OVERLOADED',
    'The group has more commands waiting than limits.queueBytesMax allows. Send fewer at once, or raise the limit.',
  );
}
