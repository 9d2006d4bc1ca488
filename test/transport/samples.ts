/** Messages as honest peers send them, and the two sides of a session gate without a socket. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import type { Connection } from '../../src/transport/endpoint.js';
import { maskOfStream } from '../../src/transport/frame-check.js';
import {
  type CommandsFrame,
  encodeCommandsFrame,
  FrameKind,
  PROTOCOL_VERSION,
  type Segment,
} from '../../src/transport/frames.js';
import { decodeGoodbye, epochOf, type Hello, type Welcome } from '../../src/transport/handshake.js';
import type { SubscriptionRequest } from '../../src/transport/subscription-frames.js';
import type { After, SessionGateHandlers, SessionLink } from '../../src/transport/session-gate.js';

export const SESSION = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

const map = createPartitionMap({ streams: 3 }).toJson();
export const EPOCH = epochOf(map);

export const HELLO: Hello = { protocol: PROTOCOL_VERSION, service: 'bank', token: 'secret', session: SESSION };

export const WELCOME: Welcome = {
  protocol: PROTOCOL_VERSION,
  service: 'bank',
  group: 2,
  partitionMap: map,
  endpoints: [
    [null, 7400],
    [null, 7401],
    ['10.0.0.2', 7402],
    [null, 7403],
  ],
  nowMs: 1_700_000_000_000,
  frameBytesMax: 4_194_304,
  replica: 0,
  leaders: [],
  replicas: [],
};

export function segment(overrides: Partial<Segment> = {}): Segment {
  return {
    ...maskOfStream(2),
    flags: 0,
    count: 1,
    body: encodeCommandBatch(['deposit'], [0], [{ account: 'a' }]),
    ...overrides,
  };
}

export function commands(overrides: Partial<CommandsFrame> = {}): Uint8Array {
  const frame = { flags: 0, epoch: EPOCH, session: SESSION, firstSequence: 1, acknowledged: 0, segments: [segment()] };
  return encodeCommandsFrame({ ...frame, ...overrides });
}

/** One end of a connection that remembers what it was sent. */
export class FakeConnection implements Connection {
  readonly id: number;
  readonly sent: Uint8Array[] = [];
  closed = false;

  constructor(id: number) {
    this.id = id;
  }

  send(message: Uint8Array): boolean {
    if (this.closed) return false;
    this.sent.push(message);
    return true;
  }

  close(): void {
    this.closed = true;
  }

  /** The codes of the GOODBYEs it was sent. */
  get goodbyes(): string[] {
    return this.sent
      .filter((message) => message[0] === FrameKind.goodbye)
      .map((message) => decodeGoodbye(message).code);
  }
}

export interface Received {
  readonly link: SessionLink;
  readonly frame: CommandsFrame;
}

/** A group's worker as the gate sees it. */
export class FakeGroup implements SessionGateHandlers {
  readonly service = 'bank';
  readonly token: string | null;
  readonly received: Received[] = [];
  readonly requests: SubscriptionRequest[] = [];
  readonly gone: string[] = [];

  constructor(token: string | null = 'secret') {
    this.token = token;
  }

  welcome(): Welcome {
    return WELCOME;
  }

  onFrame(link: SessionLink, frame: CommandsFrame): void {
    this.received.push({ link, frame });
  }

  onSubscription(_link: SessionLink, request: SubscriptionRequest): void {
    this.requests.push(request);
  }

  onGone(sessionKey: string): void {
    this.gone.push(sessionKey);
  }
}

/** A timer that a test fires by hand. */
export class FakeTimer {
  readonly due: (() => void)[] = [];

  readonly after: After = (_delayMs, act) => {
    this.due.push(act);
    return () => this.due.splice(this.due.indexOf(act), 1);
  };
}
