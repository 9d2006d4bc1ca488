/** A client of a simulated engine. It sends frames straight into its rings, one session for all groups. */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { decodeReply } from '../../src/client/reply.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import type { PsmrError } from '../../src/errors.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import { sameStreams } from '../../src/execution/stream-set.js';
import { RingReader, RingWriter } from '../../src/memory/ring.js';
import { clientMemoryOf, createClientMemory } from '../../src/replica/engine-memory.js';
import type { StreamNode } from '../../src/replica/stream-node.js';
import type { SyncNode } from '../../src/replica/sync-node.js';
import type { Service } from '../../src/service/command.js';
import {
  encodeCommandsFrame,
  FLAG_READ_ONLY,
  SEGMENT_EVERY_KEY,
  SEGMENT_READ_ONLY,
  type Segment,
} from '../../src/transport/frames.js';
import type { ModelCommand, ModelOutcome } from './model-service.js';

export interface SimulatedHost {
  readonly service: Service;
  readonly map: PartitionMap;
  readonly nodes: readonly (StreamNode | SyncNode)[];
}

interface Routed {
  readonly id: number;
  readonly command: ModelCommand;
  readonly segment: Omit<Segment, 'count' | 'body'>;
}

/** A frame sent; `ids`: its commands'. */
interface Sent {
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly ids: readonly number[];
}

/** One group's side of the client. */
interface Channel {
  readonly sent: Sent[];
  /** How many replies are due, by sequence. */
  readonly due: Map<number, number>;
  next: number;
}

export class SimulatedClient {
  readonly outcomes = new Map<number, ModelOutcome>();
  readonly rejections: PsmrError[] = [];
  readonly #id: number;
  readonly #router: CommandRouter;
  readonly #channels: readonly Channel[];
  readonly #session: Uint8Array;
  #writers: RingWriter[] = [];
  #readers: RingReader[] = [];

  constructor(engine: SimulatedHost, id: number) {
    this.#id = id;
    this.#router = new CommandRouter(engine.service, engine.map);
    this.#channels = engine.nodes.map(() => ({ sent: [], due: new Map<number, number>(), next: 1 }));
    this.#session = Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? id : 1));
    this.#connect(engine);
  }

  /** Whether nothing that was sent waits for its answer. */
  get answered(): boolean {
    return this.#channels.every(({ sent }) => sent.every(({ ids }) => ids.every((id) => this.outcomes.has(id))));
  }

  /** Sends commands, known by their ids, as one frame per group: read-only frames, or not. */
  send(commands: readonly (readonly [id: number, command: ModelCommand])[], readOnly = false): void {
    const byGroup = new Map<number, Routed[]>();
    for (const [id, command] of commands) {
      const { group, mask, type } = this.#router.route(command[0], command[1]);
      const list = byGroup.get(group) ?? [];
      const flags = (readOnly ? SEGMENT_READ_ONLY : 0) | (type.everyKey && group === 0 ? SEGMENT_EVERY_KEY : 0);
      list.push({ id, command, segment: { ...mask, flags } });
      byGroup.set(group, list);
    }
    for (const [group, list] of byGroup) this.#sendFrame(group, list, readOnly);
  }

  receive(): void {
    this.#readers.forEach((reader, group) => {
      for (let bytes = reader.read(); bytes !== null; bytes = reader.read()) this.#settle(group, bytes);
    });
  }

  /**
   * After the engine's power came back: sends again what has no answer, in order, and before it some of what has one,
   * as a client does whose acknowledgement was lost. `pick`, in [0, 1), says how much.
   */
  reconnect(engine: SimulatedHost, pick: number): void {
    this.#connect(engine);
    this.#channels.forEach(({ sent, due }, group) => {
      due.clear();
      const unanswered = sent.findIndex(({ ids }) => ids.some((id) => !this.outcomes.has(id)));
      const from = Math.floor(pick * ((unanswered < 0 ? sent.length : unanswered) + 1));
      for (const frame of sent.slice(from)) this.#put(group, frame);
    });
  }

  #connect(engine: SimulatedHost): void {
    const memory = createClientMemory(this.#id, engine.nodes.length, DEFAULT_LIMITS.ringBytes);
    engine.nodes.forEach((node, group) => node.clients.addRing(clientMemoryOf(memory, group)));
    this.#writers = memory.requests.map((ring) => new RingWriter(ring));
    this.#readers = memory.replies.map((ring) => new RingReader(ring, null));
  }

  #sendFrame(group: number, list: readonly Routed[], readOnly: boolean): void {
    const channel = this.#channels[group] as Channel;
    const runs: Routed[][] = [];
    for (const item of list) {
      const last = runs.at(-1)?.[0]?.segment;
      const same = last !== undefined && sameStreams(last, item.segment) && last.flags === item.segment.flags;
      if (same) runs.at(-1)?.push(item);
      else runs.push([item]);
    }
    const first = channel.next;
    channel.next += list.length;
    const bytes = encodeCommandsFrame({
      flags: readOnly ? FLAG_READ_ONLY : 0,
      epoch: this.#router.epoch,
      session: this.#session,
      firstSequence: first,
      acknowledged: 0,
      segments: runs.map(segmentOf),
    });
    const frame = { bytes, first, ids: list.map(({ id }) => id) };
    channel.sent.push(frame);
    this.#put(group, frame);
  }

  #put(group: number, { bytes, first, ids }: Sent): void {
    const due = this.#channels[group]?.due;
    ids.forEach((_, at) => due?.set(first + at, (due.get(first + at) ?? 0) + 1));
    if (this.#writers[group]?.offer(bytes) !== true) throw new Error('the ring is full');
    this.#writers[group].publish();
  }

  #settle(group: number, bytes: Uint8Array): void {
    const reply = decodeReply(bytes);
    if (reply.kind === 'rejected') {
      this.rejections.push(reply.error);
      return;
    }
    const failed = new Map(reply.failures.map((failure) => [failure.position, failure.error.message]));
    for (let at = 0; at < reply.count; at++) {
      const error = failed.get(at);
      const outcome = error === undefined ? { value: reply.values[at] } : { error };
      this.#conclude(group, reply.firstSequence + at, outcome);
    }
  }

  #conclude(group: number, sequence: number, outcome: ModelOutcome): void {
    const { due, sent } = this.#channels[group] as Channel;
    const left = due.get(sequence) ?? 0;
    const frame = sent.find(({ first, ids }) => first <= sequence && sequence < first + ids.length);
    const id = frame?.ids[sequence - frame.first];
    if (left === 0 || id === undefined) throw new Error(`a reply to nothing: group ${group}, ${sequence}`);
    due.set(sequence, left - 1);
    const before = this.outcomes.get(id);
    if (before !== undefined && JSON.stringify(before) !== JSON.stringify(outcome))
      throw new Error(`command ${id} got two answers: ${JSON.stringify(before)} and ${JSON.stringify(outcome)}`);
    this.outcomes.set(id, outcome);
  }
}

function segmentOf(run: readonly Routed[]): Segment {
  return {
    ...(run[0] as Routed).segment,
    count: run.length,
    body: encodeCommandBatch(
      run.map((item) => item.command[0]),
      run.map((_, at) => at),
      run.map((item) => item.command[1]),
    ),
  };
}
