/**
 * A client of the simulated cluster that finds leaders and sends again, byte for byte, until it has an answer: as the
 * protocol asks of clients, in the fewest lines. One lane per group; a lane has one link at a time, to one replica,
 * through a session gate as over a network, or through a ring as in the replica's own process.
 */
import { CommandRouter } from '../../src/client/command-router.js';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { decodeValue, encodeCommandBatch } from '../../src/execution/command-batch.js';
import { RingReader, RingWriter } from '../../src/memory/ring.js';
import { clientMemoryOf, createClientMemory } from '../../src/replica/engine-memory.js';
import { CLIENT_CLOSED_WORD } from '../../src/replica/ring-client.js';
import type { Connection } from '../../src/transport/endpoint.js';
import {
  decodeReplyFrame,
  encodeCommandsFrame,
  FLAG_READ_ONLY,
  FrameKind,
  PROTOCOL_VERSION,
  SEGMENT_EVERY_KEY,
  SEGMENT_READ_ONLY,
} from '../../src/transport/frames.js';
import { encodeHello } from '../../src/transport/handshake.js';
import { service } from './list-service.js';
import type { ModelCommand } from './model-service.js';
import type { SimulatedReplica } from './simulated-replica.js';

/** Where clients find the replicas; null: that one is down. */
export interface Cluster {
  readonly map: PartitionMap;
  readonly random: () => number;
  readonly calm: () => boolean;
  readonly replicas: readonly (SimulatedReplica | null)[];
  /** How often a client gives up waiting, at each of its steps. */
  readonly impatience: number;
  readonly givenUp: (ids: readonly number[]) => void;
  readonly answered: (id: number, value: unknown) => void;
}

export interface Link {
  readonly replica: SimulatedReplica;
  /** False: there is no room now. */
  send(bytes: Uint8Array): boolean;
  receive(): Uint8Array | null;
  /** No GOODBYE ever comes through it: each frame is answered. */
  readonly isRing: boolean;
  close(): void;
}

interface Rejection {
  readonly code: string;
  readonly message: string;
  readonly leader?: number;
}

/** [code, message], or a map that names the leader too. */
export function rejectionIn(body: Uint8Array): Rejection {
  const fields = decodeValue(body) as [string, string] | Rejection;
  return Array.isArray(fields) ? { code: fields[0], message: fields[1] } : fields;
}

let connections = 0;

export function openGateLink(replica: SimulatedReplica, group: number, session: Uint8Array): Link {
  const gate = replica.gates[group];
  if (gate === undefined) throw new Error(`there is no group ${group}`);
  const inbox: Uint8Array[] = [];
  let open = true;
  const connection: Connection = {
    id: ++connections,
    send: (message) => open && inbox.push(message.slice()) > 0,
    close: () => {
      open = false;
    },
  };
  gate.open(connection);
  gate.message(connection, encodeHello({ protocol: PROTOCOL_VERSION, service: 'lists', token: null, session }));
  return {
    replica,
    isRing: false,
    send: (bytes) => {
      gate.message(connection, bytes);
      return true;
    },
    receive: () => inbox.shift() ?? null,
    close: () => {
      open = false;
      gate.close(connection);
    },
  };
}

export function openRingLink(replica: SimulatedReplica, group: number, groups: number): Link {
  const memory = createClientMemory(++connections, groups, 1 << 14);
  replica.nodes[group]?.clients.addRing(clientMemoryOf(memory, group));
  const writer = new RingWriter(memory.requests[group] as SharedArrayBuffer);
  const reader = new RingReader(memory.replies[group] as SharedArrayBuffer, replica.control.bell(group));
  return {
    replica,
    isRing: true,
    send: (bytes) => {
      if (!writer.offer(bytes)) return false;
      if (writer.publish()) replica.control.bell(group).ring();
      return true;
    },
    receive: () => reader.read(),
    close: () => Atomics.store(new Int32Array(memory.words), CLIENT_CLOSED_WORD, 1),
  };
}

interface Frame {
  readonly ids: readonly number[];
  /** Without an answer yet. */
  readonly open: Set<number>;
  readonly first: number;
  readonly bytes: Uint8Array;
  readonly readOnly: boolean;
  /** Transmissions so far. */
  sent: number;
}

/** Steps without a link. */
const RESTS_MAX = 12;

class Lane {
  readonly #group: number;
  readonly #session: Uint8Array;
  readonly #cluster: Cluster;
  #frames: Frame[] = [];
  /** Frames before it were sent on the present link. */
  #cursor = 0;
  #link: Link | null = null;
  #linkedTo = 0;
  #allowed: (replica: number) => boolean = () => true;
  /** It is in a hurry, then. */
  #isRestricted = false;
  #hint = 0;
  /** Steps to let pass before it looks for a leader again. */
  #rest = 0;
  #nextWrite = 1;
  #nextRead = 1;

  constructor(group: number, session: Uint8Array, cluster: Cluster) {
    this.#group = group;
    this.#session = session;
    this.#cluster = cluster;
  }

  get idle(): boolean {
    return this.#frames.length === 0;
  }

  get waiting(): string {
    const where = this.#link === null ? 'no link' : `${this.#link.isRing ? 'ring' : 'gate'}, hint ${this.#hint}`;
    return `group ${this.#group}: ${this.#frames.length} frames, sent ${this.#cursor}, ${where}`;
  }

  queue(epoch: number, items: readonly Item[], readOnly: boolean): void {
    const first = readOnly ? this.#nextRead : this.#nextWrite;
    if (readOnly) this.#nextRead += items.length;
    else this.#nextWrite += items.length;
    const oldest = this.#frames.find((frame) => !frame.readOnly)?.first ?? first;
    const bytes = encodeCommandsFrame({
      flags: readOnly ? FLAG_READ_ONLY : 0,
      epoch,
      session: this.#session,
      firstSequence: first,
      acknowledged: readOnly ? 0 : oldest - 1,
      segments: items.map(({ command: [name, args], mask, everyKey }) => ({
        ...mask,
        flags: (readOnly ? SEGMENT_READ_ONLY : 0) | (everyKey ? SEGMENT_EVERY_KEY : 0),
        count: 1,
        body: encodeCommandBatch([name], [0], [args]),
      })),
    });
    const ids = items.map(({ id }) => id);
    this.#frames.push({ ids, open: new Set(ids), first, bytes, readOnly, sent: 0 });
  }

  /** Which replicas it may connect to from now on, by their numbers. */
  restrict(allowed: (replica: number) => boolean): void {
    this.#allowed = allowed;
    this.#isRestricted = ![1, 2, 3].every(allowed);
    this.#rest = 0;
    if (!allowed(this.#linkedTo)) this.#disconnect();
  }

  step(): void {
    const { random, calm, impatience } = this.#cluster;
    if (this.#rest-- > 0) return;
    if (this.#link?.replica.alive === false) this.#disconnect();
    // A client over a network may give up waiting at any time; in process an answer comes.
    if (this.#link !== null && !this.#link.isRing && !calm() && random() < impatience) this.#disconnect();
    if (this.#frames.length === 0) return;
    if (this.#link === null) this.#connect();
    this.#receive();
    if (this.#link !== null && random() < 0.7) this.#sendNext(this.#link);
  }

  #connect(): void {
    const { random, replicas, map } = this.#cluster;
    const allowed = replicas.map((_, at) => at + 1).filter(this.#allowed);
    const hinted = this.#hint > 0 && random() < 0.8 && this.#allowed(this.#hint);
    const number = hinted ? this.#hint : (allowed[Math.floor(random() * allowed.length)] ?? 0);
    this.#hint = 0;
    const replica = replicas[number - 1];
    if (replica === null || replica === undefined) return;
    this.#linkedTo = number;
    this.#link =
      random() < 0.3
        ? openRingLink(replica, this.#group, map.streams + 1)
        : openGateLink(replica, this.#group, this.#session);
    this.#cursor = 0;
  }

  #disconnect(): void {
    this.#link?.close();
    this.#link = null;
    // While there is no leader, to ask all the time would only keep everybody busy.
    const restsMax = this.#hint === 0 ? RESTS_MAX : RESTS_MAX / 4;
    this.#rest = Math.floor(this.#cluster.random() * (this.#isRestricted ? 2 : restsMax));
  }

  #sendNext(link: Link): void {
    const frame = this.#frames[this.#cursor];
    if (frame === undefined || !link.send(frame.bytes)) return;
    this.#cursor++;
    frame.sent++;
  }

  #receive(): void {
    for (let bytes = this.#link?.receive() ?? null; bytes !== null; bytes = this.#link?.receive() ?? null) {
      if (bytes[0] === FrameKind.welcome) continue;
      if (bytes[0] === FrameKind.goodbye) {
        const { code, leader } = decodeValue(bytes.subarray(1)) as { code: string; leader?: number };
        if (code !== 'NOT_LEADER' && code !== 'SESSION_EXPIRED') throw new Error(`goodbye: ${code}`);
        this.#hint = leader ?? 0;
        return this.#disconnect();
      }
      this.#reply(bytes);
    }
  }

  #reply(bytes: Uint8Array): void {
    const reply = decodeReplyFrame(bytes);
    const readOnly = (reply.flags & FLAG_READ_ONLY) !== 0;
    const at = this.#frames.findIndex((frame) => frame.readOnly === readOnly && frame.first === reply.firstSequence);
    if (reply.kind === FrameKind.rejected) return this.#rejected(at, rejectionIn(reply.body));
    const [values, errors] = decodeValue(reply.body) as [unknown[], unknown[]];
    if (errors.length > 0) throw new Error(`a command failed: ${JSON.stringify(errors)}`);
    this.#settle(readOnly, reply.firstSequence, values);
  }

  /** Results of a frame may come in parts, and more than once. */
  #settle(readOnly: boolean, first: number, values: readonly unknown[]): void {
    const frame = this.#frames.find(
      (each) => each.readOnly === readOnly && each.first <= first && first < each.first + each.ids.length,
    );
    if (frame === undefined) return;
    values.forEach((value, at) => {
      const id = frame.ids[first - frame.first + at];
      if (id !== undefined && frame.open.delete(id)) this.#cluster.answered(id, value);
    });
    if (frame.open.size > 0) return;
    const place = this.#frames.indexOf(frame);
    this.#frames.splice(place, 1);
    if (this.#cursor > place) this.#cursor--;
  }

  #rejected(at: number, { code, message, leader }: Rejection): void {
    if (at < 0) return;
    if (!['NOT_LEADER', 'SEQUENCE_GAP', 'SESSION_EXPIRED'].includes(code)) throw new Error(`${code}: ${message}`);
    this.#cursor = Math.min(this.#cursor, code === 'NOT_LEADER' ? at : 0);
    if (code !== 'NOT_LEADER') return;
    this.#hint = leader ?? 0;
    this.#giveUp(at);
    if (this.#link?.isRing === false || this.#cluster.random() < 0.3) this.#disconnect();
  }

  /** What was refused and never sent but once is in no log; its numbers, if they are the last, are free again. */
  #giveUp(at: number): void {
    const frame = this.#frames[at] as Frame;
    const isLast = this.#frames.slice(at + 1).every((later) => later.readOnly);
    if (frame.readOnly || frame.sent > 1 || !isLast || this.#cluster.random() > 0.2) return;
    this.#frames.splice(at, 1);
    this.#nextWrite = frame.first;
    this.#cluster.givenUp(frame.ids);
  }
}

interface Item {
  readonly id: number;
  readonly command: ModelCommand;
  readonly mask: { readonly low: number; readonly high: number };
  readonly everyKey: boolean;
}

export class ListClient {
  readonly #lanes: Lane[];
  readonly #router: CommandRouter;

  constructor(number: number, cluster: Cluster) {
    const session = Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? number : 1));
    this.#router = new CommandRouter(service, cluster.map);
    this.#lanes = Array.from({ length: cluster.map.streams + 1 }, (_, group) => new Lane(group, session, cluster));
  }

  /** Queues commands: one frame per group for those that write, and one for those that read. */
  send(commands: readonly (readonly [id: number, command: ModelCommand])[]): void {
    const frames = new Map<string, { group: number; readOnly: boolean; items: Item[] }>();
    for (const [id, command] of commands) {
      const { group, mask, type } = this.#router.route(command[0], command[1]);
      const name = `${group} ${type.readOnly}`;
      const frame = frames.get(name) ?? { group, readOnly: type.readOnly, items: [] };
      frames.set(name, frame);
      frame.items.push({ id, command, mask: { ...mask }, everyKey: type.everyKey && group === 0 });
    }
    for (const { group, readOnly, items } of frames.values()) {
      this.#lanes[group]?.queue(this.#router.epoch, items, readOnly);
    }
  }

  step(): void {
    for (const lane of this.#lanes) lane.step();
  }

  /** Which replicas it may talk to about one group. */
  restrict(group: number, allowed: (replica: number) => boolean): void {
    this.#lanes[group]?.restrict(allowed);
  }

  get idle(): boolean {
    return this.#lanes.every((lane) => lane.idle);
  }

  describe(): string {
    return this.#lanes.map((lane) => lane.waiting).join('; ');
  }
}
