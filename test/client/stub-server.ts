/** A server over real sockets that executes nothing: it answers each command with what arrived, and where. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { decodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { acceptClients } from '../../src/transport/accept-clients.js';
import type { Endpoint, EndpointOptions } from '../../src/transport/endpoint.js';
import { type CommandsFrame, encodeReplyFrame, FrameKind, PROTOCOL_VERSION } from '../../src/transport/frames.js';
import type { Welcome } from '../../src/transport/handshake.js';
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
  readonly #json = this.map.toJson();
  #endpoints: Endpoint[] = [];

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
            this.frames.push({ group, frame });
            if (this.answering) link.send(answer(group, frame));
          },
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

  #welcome(group: number): Welcome {
    return {
      protocol: PROTOCOL_VERSION,
      service: 'bank',
      group,
      partitionMap: this.#json,
      endpoints: this.#endpoints.map(({ port }) => [null, port] as const),
      nowMs: Date.now(),
      frameBytesMax: OPTIONS.frameBytesMax,
      replica: 0,
      leaders: [],
      replicas: [],
    };
  }
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
