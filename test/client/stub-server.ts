/** A server over real sockets that executes nothing: it answers each command with what arrived, and where. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { decodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { acceptClients } from '../../src/transport/accept-clients.js';
import type { Endpoint, EndpointOptions } from '../../src/transport/endpoint.js';
import {
  commandCount,
  type CommandsFrame,
  encodeReplyFrame,
  FLAG_READ_ONLY,
  FrameKind,
  PROTOCOL_VERSION,
} from '../../src/transport/frames.js';
import { encodeGoodbye, type ReplicaEndpoints, type Welcome } from '../../src/transport/handshake.js';
import { OPTIONS } from '../transport/peers.js';

export interface Arrived {
  readonly group: number;
  readonly name: string;
}

export class StubServer {
  readonly map = createPartitionMap({ streams: 3 });
  readonly frames: { readonly group: number; readonly frame: CommandsFrame }[] = [];
  /** False: frames are taken and never answered. */
  answering = true;
  token: string | null = null;
  /** 0: not replicated. */
  replica = 0;
  /** All of them, once they are started. */
  replicas: readonly StubServer[] = [];
  /** Who leads each group in truth. */
  leaders: number[] = [];
  /** What this one says in its WELCOME instead. */
  leadersTold: number[] | null = null;
  /** How it sends away whom it does not lead. */
  refusal: 'rejected' | 'goodbye' = 'rejected';
  /** What it says of the leader then. */
  hint: number | null = null;
  readonly #json = this.map.toJson();
  #endpoints: Endpoint[] = [];
  #known: ReplicaEndpoints['endpoints'] = [];

  /** Group 0 at `port`; the others wherever there is room. */
  async start(port = 0, options: Partial<EndpointOptions> = {}): Promise<number> {
    for (let group = 0; group <= this.map.streams; group++) {
      const endpoint = await acceptClients(
        { ...OPTIONS, ...options, port: group === 0 ? port : 0 },
        {
          service: 'bank',
          token: this.token,
          welcome: () => this.#welcome(group),
          onFrame: (link, frame) => {
            // Its views are of this call only.
            this.frames.push({ group, frame: { ...frame, session: Uint8Array.from(frame.session) } });
            if (this.answering) link.send(this.#answer(group, frame));
          },
          onSubscription: () => undefined,
          onGone: () => undefined,
        },
      );
      this.#endpoints.push(endpoint);
    }
    return this.#endpoints[0]?.port ?? 0;
  }

  async stop(): Promise<void> {
    await Promise.all(this.#endpoints.map((endpoint) => endpoint.close()));
    this.#endpoints = [];
  }

  /** Those that it had last, once it is stopped. */
  get endpoints(): ReplicaEndpoints['endpoints'] {
    if (this.#endpoints.length > 0) this.#known = this.#endpoints.map(({ port }) => [null, port] as const);
    return this.#known;
  }

  #answer(group: number, frame: CommandsFrame): Uint8Array {
    const mine = this.replica === 0 || this.leaders[group] === this.replica || (frame.flags & FLAG_READ_ONLY) !== 0;
    if (mine) return answer(group, frame);
    const refusal = { code: 'NOT_LEADER', message: 'not here', leader: this.hint ?? this.leaders[group] ?? 0 };
    return this.refusal === 'goodbye' ? encodeGoodbye(refusal) : reject(group, frame, refusal);
  }

  #welcome(group: number): Welcome {
    return {
      protocol: PROTOCOL_VERSION,
      service: 'bank',
      group,
      partitionMap: this.#json,
      endpoints: this.endpoints,
      nowMs: Date.now(),
      frameBytesMax: OPTIONS.frameBytesMax,
      replica: this.replica,
      leaders: this.leadersTold ?? this.leaders,
      replicas: this.replicas.map(({ replica, endpoints }) => ({ id: replica, endpoints })),
    };
  }
}

/** Replicas 1 to `count`; replica 1 leads everything. */
export async function startReplicas(count: number): Promise<StubServer[]> {
  const servers = Array.from({ length: count }, () => new StubServer());
  for (const [at, server] of servers.entries()) {
    server.replica = at + 1;
    await server.start();
  }
  for (const server of servers) {
    server.replicas = servers;
    server.leaders = server.endpoints.map(() => 1);
  }
  return servers;
}

function reject(group: number, frame: CommandsFrame, refusal: object): Uint8Array {
  const { flags, firstSequence } = frame;
  const body = encodeValue(refusal);
  return encodeReplyFrame({ kind: FrameKind.rejected, flags, group, count: commandCount(frame), firstSequence, body });
}

function answer(group: number, frame: CommandsFrame): Uint8Array {
  const values = frame.segments.flatMap((segment) => {
    const { names, indexes } = decodeCommandBatch(segment.body, segment.count);
    return Array.from(indexes, (index): Arrived => ({ group, name: names[index] ?? '' }));
  });
  const body = encodeValue([values, []]);
  const { flags, firstSequence } = frame;
  return encodeReplyFrame({ kind: FrameKind.results, flags, group, count: values.length, firstSequence, body });
}
