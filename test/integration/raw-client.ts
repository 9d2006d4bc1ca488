/** A client that speaks the protocol frame by frame, and sends whatever it is told to. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { decodeReply, type Reply } from '../../src/client/reply.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import { PartitionMap } from '../../src/classifier/partition-map.js';
import { encodeCommandsFrame, FrameKind, type CommandsFrame, type Segment } from '../../src/transport/frames.js';
import {
  decodeGoodbye,
  decodeWelcome,
  encodeHello,
  type Goodbye,
  type Welcome,
} from '../../src/transport/handshake.js';

export function newSession(createdMs = Date.now()): Uint8Array {
  const session = randomBytes(16);
  session.writeUIntBE(createdMs, 0, 6);
  return session;
}

/** Commands of one name with the same destination streams (1 to 31). */
export function segmentOf(streams: readonly number[], name: string, args: readonly unknown[], flags = 0): Segment {
  const low = streams.reduce((mask, stream) => mask | (1 << (stream - 1)), 0);
  const body = encodeCommandBatch(
    [name],
    args.map(() => 0),
    args,
  );
  return { low, high: 0, flags, count: args.length, body };
}

export interface FrameOptions {
  readonly first: number;
  readonly segments: readonly Segment[];
  readonly acknowledged?: number;
  readonly epoch?: number;
}

export class RawClient {
  readonly welcome: Welcome;
  readonly #socket: WebSocket;
  readonly #session: Uint8Array;
  readonly #received: Uint8Array[];
  #wake: () => void = () => undefined;

  private constructor(socket: WebSocket, session: Uint8Array, received: Uint8Array[], welcome: Welcome) {
    this.#socket = socket;
    this.#session = session;
    this.#received = received;
    this.welcome = welcome;
    socket.on('message', () => this.#wake());
    socket.on('close', () => this.#wake());
  }

  static async connect(port: number, session: Uint8Array): Promise<RawClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}`, { perMessageDeflate: false });
    onTestFinished(() => socket.terminate());
    const received: Uint8Array[] = [];
    socket.on('message', (data: Buffer) => received.push(new Uint8Array(data)));
    socket.on('error', () => undefined);
    await once(socket, 'open');
    socket.send(encodeHello({ protocol: 2, service: null, token: null, session }));
    await once(socket, 'message');
    return new RawClient(socket, session, received, decodeWelcome(received.shift() ?? new Uint8Array()));
  }

  get epoch(): number {
    return PartitionMap.fromJson(this.welcome.partitionMap).epoch;
  }

  streamOf(key: string): number {
    return PartitionMap.fromJson(this.welcome.partitionMap).streamOf(key);
  }

  frame({ first, segments, acknowledged = 0, epoch = this.epoch }: FrameOptions): Uint8Array {
    const frame: CommandsFrame = {
      flags: 0,
      epoch,
      session: this.#session,
      firstSequence: first,
      acknowledged,
      segments,
    };
    return encodeCommandsFrame(frame);
  }

  send(bytes: Uint8Array): void {
    this.#socket.send(bytes);
  }

  /** The next message; null: the connection is closed. */
  async message(): Promise<Uint8Array | null> {
    for (;;) {
      const message = this.#received.shift();
      if (message !== undefined) return message;
      if (this.#socket.readyState === WebSocket.CLOSED) return null;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  async reply(): Promise<Reply> {
    const message = await this.message();
    if (message === null) throw new Error('the connection was closed where a reply was due');
    return decodeReply(message);
  }

  /** Why the server ended the connection; null: it said nothing. */
  async goodbye(): Promise<Goodbye | null> {
    for (let message = await this.message(); message !== null; message = await this.message())
      if (message[0] === FrameKind.goodbye) return decodeGoodbye(message);
    return null;
  }

  ask(frame: Uint8Array): Promise<Reply> {
    this.send(frame);
    return this.reply();
  }

  /** Reads nothing from the socket from now on. */
  stopReading(): void {
    this.#socket.pause();
  }

  vanish(): void {
    this.#socket.terminate();
  }
}
