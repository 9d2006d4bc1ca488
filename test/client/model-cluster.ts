/**
 * Replicas of a service as a client sees them, in one thread and in simulated time: each group has a leader that may
 * change at any time, replicas die, hang and come back, connections are cut, and what a replica says of leaders may be
 * wrong.
 */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { Dial, WebSocketEvents } from '../../src/client/web-socket.js';
import { decodeCommandsFrame, FLAG_READ_ONLY, FrameKind, PROTOCOL_VERSION } from '../../src/transport/frames.js';
import { decodeHello, encodeGoodbye, encodeWelcome, type Welcome } from '../../src/transport/handshake.js';
import { ModelGroup } from './model-group.js';
import type { SimulatedClock } from './simulated-clock.js';

const BASE_PORT = 7_000;
const REPLICA_PORTS = 100;

interface Connection {
  readonly replica: number;
  readonly group: number;
  readonly events: WebSocketEvents;
  /** Hex; null: no HELLO yet, or a visitor. */
  session: string | null;
  open: boolean;
  /** What has arrived while the replica hung. */
  inbox: Uint8Array[];
  /** When the last message in each direction arrives: connections keep order. */
  toServerMs: number;
  toClientMs: number;
}

interface Replica {
  readonly id: number;
  state: 'up' | 'dead' | 'hung';
  /** Groups that it believes to lead although others have been elected. */
  readonly deluded: Set<number>;
}

export interface ClusterFaults {
  /** Of any message: its connection is cut instead. */
  readonly cut: number;
  /** Of what a replica says of a leader: it names another one. */
  readonly wrongHint: number;
  /** Of what a replica says of a leader: it knows none. */
  readonly noHint: number;
  /** Of frames at the leader. */
  readonly overloaded: number;
}

export const NO_CLUSTER_FAULTS: ClusterFaults = { cut: 0, wrongHint: 0, noHint: 0, overloaded: 0 };

export interface ClusterOptions {
  readonly clock: SimulatedClock;
  readonly replicas: number;
  readonly streams: number;
}

export class ModelCluster {
  readonly groups: readonly ModelGroup[];
  readonly replicas: readonly Replica[];
  faults = NO_CLUSTER_FAULTS;
  /** What each replica says of leaders, where that is not to be the truth. */
  says: ((replica: number) => number) | null = null;
  /** Connections that clients have begun. */
  dials = 0;
  /** COMMANDS frames that have arrived, by replica. */
  readonly arrived: number[] = [];
  readonly map;
  readonly #clock: SimulatedClock;
  readonly #connections = new Set<Connection>();

  constructor({ clock, replicas, streams }: ClusterOptions) {
    this.#clock = clock;
    this.map = createPartitionMap({ streams });
    this.replicas = Array.from({ length: replicas }, (_, i) => ({ id: i + 1, state: 'up', deluded: new Set() }));
    this.groups = Array.from(
      { length: streams + 1 },
      (_, group) => new ModelGroup(group, clock, (key, bytes) => this.#reply(group, key, bytes)),
    );
    for (const group of this.groups) group.elect(1 + (group.group % replicas));
  }

  urlOf(replica: number, group = 0): string {
    return `ws://model:${BASE_PORT + REPLICA_PORTS * replica + group}`;
  }

  readonly dial: Dial = (url, events) => {
    const port = Number(new URL(url).port) - BASE_PORT;
    const connection: Connection = {
      replica: Math.floor(port / REPLICA_PORTS),
      group: port % REPLICA_PORTS,
      events,
      session: null,
      open: true,
      inbox: [],
      toServerMs: 0,
      toClientMs: 0,
    };
    this.dials++;
    this.#connections.add(connection);
    this.#clock.after(this.#delayMs(), () => this.#accept(connection));
    return {
      bufferedBytes: 0,
      send: (message, taken) => {
        this.#clock.after(0, taken);
        this.#travel(connection, Uint8Array.from(message));
      },
      close: () => this.#forget(connection),
    };
  };

  /** kill -9: its connections end, its groups are without a leader until others notice. */
  kill(id: number, electionMs: number): void {
    this.#of(id).state = 'dead';
    this.#of(id).deluded.clear();
    for (const connection of this.#connections) if (connection.replica === id) this.#end(connection, 'it was killed');
    this.#replaceLeader(id, electionMs);
  }

  /** SIGSTOP: its connections stay, nothing comes. Null: so briefly that nobody else is elected. */
  hang(id: number, electionMs: number | null): void {
    this.#of(id).state = 'hung';
    if (electionMs !== null) this.#replaceLeader(id, electionMs);
  }

  /** It is started anew, or goes on where it hung, believing for a moment what it believed. */
  revive(id: number): void {
    const replica = this.#of(id);
    replica.state = 'up';
    for (const group of replica.deluded)
      this.#clock.after(this.#clock.random() * 30, () => {
        replica.deluded.delete(group);
        this.#stepDown(id, group);
      });
    for (const connection of this.#connections)
      if (connection.replica === id)
        for (const message of connection.inbox.splice(0)) this.#arrive(connection, message);
  }

  /** Leadership goes elsewhere; the old leader knows at once, or only after a while. */
  moveLeader(group: number, to: number, knows: boolean): void {
    const { leader } = this.#group(group);
    if (leader === 0 || leader === to || this.#of(to).state !== 'up') return;
    this.#group(group).elect(to);
    if (knows) return this.#stepDown(leader, group);
    this.#of(leader).deluded.add(group);
    this.#clock.after(this.#clock.random() * 100, () => {
      if (this.#of(leader).state === 'up' && this.#of(leader).deluded.delete(group)) this.#stepDown(leader, group);
    });
  }

  #replaceLeader(id: number, electionMs: number): void {
    for (const group of this.groups) {
      if (group.leader !== id) continue;
      group.leader = 0;
      if (this.#of(id).state === 'hung') this.#of(id).deluded.add(group.group);
      this.#clock.after(electionMs, () => this.#elect(group));
    }
  }

  #elect(group: ModelGroup): void {
    if (group.leader !== 0) return;
    const able = this.replicas.filter(({ state }) => state === 'up');
    const next = able[Math.floor(this.#clock.random() * able.length)];
    if (next === undefined || able.length <= this.replicas.length / 2) {
      this.#clock.after(50, () => this.#elect(group));
      return;
    }
    next.deluded.delete(group.group);
    group.elect(next.id);
  }

  #stepDown(id: number, group: number): void {
    if (this.#group(group).leader === id) return;
    const goodbye = encodeGoodbye({ code: 'NOT_LEADER', message: 'it has changed', leader: this.#believed(id, group) });
    for (const connection of this.#connections) {
      if (connection.replica !== id || connection.group !== group || connection.session === null) continue;
      this.#tell(connection, goodbye);
      this.#clock.after(connection.toClientMs - this.#clock.now(), () => this.#end(connection, 'it said goodbye'));
    }
  }

  #accept(connection: Connection): void {
    const { state } = this.#of(connection.replica);
    if (state === 'dead') return this.#end(connection, 'connect ECONNREFUSED');
    if (state === 'hung' || !connection.open) return;
    connection.events.open();
  }

  #travel(connection: Connection, message: Uint8Array): void {
    if (!connection.open) return;
    if (this.#clock.random() < this.faults.cut) return this.#cut(connection);
    connection.toServerMs = Math.max(connection.toServerMs, this.#clock.now() + this.#delayMs());
    this.#clock.after(connection.toServerMs - this.#clock.now(), () => this.#arrive(connection, message));
  }

  #arrive(connection: Connection, message: Uint8Array): void {
    const { state } = this.#of(connection.replica);
    if (state === 'dead' || connection.toServerMs === Infinity) return;
    if (state === 'hung') return void connection.inbox.push(message);
    if (message[0] === FrameKind.hello) this.#greet(connection, message);
    else this.#receive(connection, message);
  }

  #greet(connection: Connection, message: Uint8Array): void {
    const { session } = decodeHello(message);
    const key = session === null ? null : Buffer.from(session).toString('hex');
    for (const other of this.#connections)
      if (key !== null && other.session === key && sameEndpoint(other, connection)) {
        this.#tell(other, encodeGoodbye({ code: 'SESSION_EXPIRED', message: 'taken over' }));
        other.session = null;
      }
    connection.session = key;
    this.#tell(connection, encodeWelcome(this.#welcome(connection)));
  }

  /** What has arrived is taken even where the client has hung up since. */
  #receive(connection: Connection, message: Uint8Array): void {
    const { replica, group: number } = connection;
    const group = this.#group(number);
    const frame = decodeCommandsFrame(message);
    this.arrived[replica] = (this.arrived[replica] ?? 0) + 1;
    const reject = (code: string): void =>
      this.#tell(connection, group.reject(frame, code, this.#believed(replica, number)));
    if (this.#of(replica).deluded.has(number)) return;
    if ((frame.flags & FLAG_READ_ONLY) !== 0 && number !== 0) {
      if (group.leader === 0) return reject('NOT_LEADER');
      for (const reply of group.read(frame)) this.#tell(connection, reply);
      return;
    }
    if (group.leader !== replica) return reject('NOT_LEADER');
    if (this.#clock.random() < this.faults.overloaded) return reject('OVERLOADED');
    group.append(frame);
  }

  #reply(group: number, session: string, bytes: Uint8Array): void {
    for (const connection of this.#connections)
      if (connection.group === group && connection.session === session && this.#of(connection.replica).state === 'up')
        this.#tell(connection, bytes);
  }

  #tell(connection: Connection, message: Uint8Array): void {
    if (this.#clock.random() < this.faults.cut) return this.#cut(connection);
    connection.toClientMs = Math.max(connection.toClientMs, this.#clock.now() + this.#delayMs());
    this.#clock.after(connection.toClientMs - this.#clock.now(), () => {
      if (connection.open) connection.events.message(message);
    });
  }

  /** Nothing that was sent after a lost message arrives. */
  #cut(connection: Connection): void {
    connection.toServerMs = Infinity;
    this.#clock.after(this.#delayMs(), () => this.#end(connection, 'it was cut'));
  }

  #end(connection: Connection, why: string): void {
    if (!connection.open) return;
    this.#forget(connection);
    connection.events.close(why);
  }

  #forget(connection: Connection): void {
    connection.open = false;
    connection.session = null;
    this.#connections.delete(connection);
  }

  #welcome({ replica, group }: Connection): Welcome {
    const endpointsOf = (id: number): (readonly [null, number])[] =>
      this.groups.map((one) => [null, BASE_PORT + REPLICA_PORTS * id + one.group] as const);
    return {
      protocol: PROTOCOL_VERSION,
      service: 'model',
      group,
      partitionMap: this.map.toJson(),
      endpoints: endpointsOf(replica),
      nowMs: 1_700_000_000_000 + Math.floor(this.#clock.now()),
      frameBytesMax: 4_194_304,
      replica,
      leaders: this.groups.map((one) => this.#believed(replica, one.group)),
      replicas: this.replicas.map(({ id }) => ({ id, endpoints: endpointsOf(id) })),
    };
  }

  /** Who leads, as a replica sees it. */
  #believed(replica: number, group: number): number {
    if (this.#of(replica).deluded.has(group)) return replica;
    if (this.says !== null) return this.says(replica);
    const chance = this.#clock.random();
    const { wrongHint, noHint } = this.faults;
    if (chance < wrongHint) return 1 + Math.floor(this.#clock.random() * this.replicas.length);
    return chance < wrongHint + noHint ? 0 : this.#group(group).leader;
  }

  #delayMs(): number {
    return 0.1 + this.#clock.random() * 2;
  }

  #of(id: number): Replica {
    const replica = this.replicas[id - 1];
    if (replica === undefined) throw new Error(`there is no replica ${id}`);
    return replica;
  }

  #group(group: number): ModelGroup {
    const found = this.groups[group];
    if (found === undefined) throw new Error(`there is no group ${group}`);
    return found;
  }
}

function sameEndpoint(a: Connection, b: Connection): boolean {
  return a !== b && a.replica === b.replica && a.group === b.group;
}
