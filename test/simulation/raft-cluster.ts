/** N replicas with everything real but disks, networks, threads and time; their clients; and one seed that decides. */
import { expect } from 'vitest';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import type { RaftFlow, RaftTiming } from '../../src/ordering/raft/raft-types.js';
import type { CheckpointManifest } from '../../src/storage/checkpoint-store.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';
import { VirtualTime } from '../ordering/raft/virtual-time.js';
import { CommittedOrder } from './committed-order.js';
import { ListClient, type Cluster } from './list-client.js';
import { ListHistory } from './list-history.js';
import { MemoryNetwork } from './memory-network.js';
import type { ModelCommand } from './model-service.js';
import { RaftReplica } from './raft-replica.js';
import { Machine } from './simulated-process.js';
import type { SimulatedReplica } from './simulated-replica.js';

export interface RaftClusterOptions {
  readonly map: PartitionMap;
  readonly random: () => number;
  readonly replicas: number;
  readonly clients: number;
  /** How fast a machine's timers go: a lease of 60 ms by the slowest is over before an election of 100 ms by the fastest. */
  readonly clockRate: () => number;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
}

/** Checked now and then: whether all is done and the same everywhere. */
const LOOK_MS = 20;
const EVENTS_PER_TURN = 8;

export class RaftCluster implements Cluster {
  readonly map: PartitionMap;
  readonly random: () => number;
  readonly time = new VirtualTime();
  readonly networks: MemoryNetwork[];
  readonly orders: CommittedOrder[];
  readonly machines: Machine[];
  readonly stores: MemoryCheckpointStore[];
  readonly running: (RaftReplica | null)[];
  readonly clients: ListClient[];
  readonly history: ListHistory;
  readonly counts = { elections: 0, crashes: 0, stops: 0, checkpoints: 0, installed: 0, memberships: 0, givenUp: 0 };
  readonly impatience: number;
  readonly #options: RaftClusterOptions;
  readonly #numbers: number[];
  readonly #hashes = new Map<number, string>();
  readonly #retainBytes: number;
  readonly #spins: number;
  /** Whom a group prefers as its leader; 0: nobody. */
  readonly #preferred: (group: number) => number;
  readonly #clientPaceMs: number;
  readonly #installing = new Set<number>();
  #failure: Error | null = null;
  #events = 0;
  #isCalm = false;

  constructor(options: RaftClusterOptions) {
    const { map, random, replicas, clients } = options;
    this.#options = options;
    this.map = map;
    this.random = random;
    this.impatience = random() < 0.5 ? 0 : 0.01;
    this.#retainBytes = random() < 0.7 ? 0 : 1500;
    this.#spins = random() < 0.5 ? 0 : 3;
    const preference = random();
    this.#preferred = (group) => (preference < 0.4 ? 0 : preference < 0.7 ? 1 : 1 + (group % replicas));
    this.#clientPaceMs = 0.5 + 3 * random();
    this.#numbers = Array.from({ length: replicas }, (_, at) => at + 1);
    const groups = Array.from({ length: map.streams + 1 }, (_, group) => group);
    const clock = {
      now: () => this.time.now,
      after: (ms: number, act: () => void) => {
        let off = false;
        this.time.after(ms, () => {
          if (!off) act();
        });
        return () => void (off = true);
      },
    };
    this.networks = groups.map(() => new MemoryNetwork({ clock, random, deadMs: 500 }));
    this.orders = groups.map((group) => new CommittedOrder(group, this.fail));
    this.machines = this.#numbers.map((number) => new Machine(number, this.time, random));
    for (const machine of this.machines) machine.clockRate = options.clockRate();
    this.stores = this.#numbers.map(() => new MemoryCheckpointStore());
    this.history = new ListHistory(map);
    this.running = this.#numbers.map(() => null);
    for (const number of this.#numbers) this.start(number);
    this.clients = Array.from({ length: clients }, (_, at) => new ListClient(at + 1, this));
    for (const client of this.clients) this.#serve(client);
  }

  readonly calm = (): boolean => this.#isCalm;

  get replicas(): (SimulatedReplica | null)[] {
    return this.running.map((replica) => replica?.serving ?? null);
  }

  send(client: number, commands: readonly (readonly [id: number, command: ModelCommand])[]): void {
    this.history.sent(commands);
    this.clients[client]?.send(commands);
  }

  readonly answered = (id: number, value: unknown): void => this.history.answered(id, value);

  readonly givenUp = (ids: readonly number[]): void => {
    this.history.givenUp(ids);
    this.counts.givenUp += ids.length;
  };

  readonly fail = (error: unknown): void => {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
  };

  /** From here on everybody is up, and stays up. */
  calmDown(): void {
    this.#isCalm = true;
    for (const number of this.#numbers) this.start(number);
  }

  start(number: number): void {
    if (this.running[number - 1] !== null) return;
    this.history.started(number);
    const { map, timing, flow } = this.#options;
    const store = this.stores[number - 1] as MemoryCheckpointStore;
    this.running[number - 1] = new RaftReplica({
      machine: this.machines[number - 1] as Machine,
      map,
      members: { voters: this.#numbers, learners: [] },
      networks: this.networks,
      orders: this.orders,
      store,
      timing,
      flow,
      preferred: this.#preferred,
      retainBytes: this.#retainBytes,
      spins: this.#spins,
      checkpointNeeded: (from) => this.#install(number, from),
      completed: (manifest) => this.#compareHashes(manifest),
      executing: (stream) => this.history.observe(number, stream),
      failed: this.fail,
    });
  }

  crash(number: number): void {
    const replica = this.running[number - 1];
    if (!replica) return;
    this.running[number - 1] = null;
    replica.crash();
    this.counts.crashes++;
  }

  /** Ends a replica in order and starts it again. */
  restart(number: number): void {
    const replica = this.running[number - 1];
    if (!replica) return;
    this.counts.stops++;
    replica.stop().then(() => {
      if (this.running[number - 1] !== replica) return;
      this.running[number - 1] = null;
      this.time.after(this.random() * 100, () => this.start(number));
    }, this.fail);
  }

  /** The replica that leads a group, 0: none that knows it. */
  leader(group: number): number {
    return this.#numbers.find((number) => leads(this.running[number - 1], group)) ?? 0;
  }

  takeCheckpoint(): void {
    this.running[this.leader(0) - 1]?.serving?.coordinator.take().catch((error: unknown) => {
      const { code } = error as { code?: string };
      if (code !== 'NOT_LEADER' && code !== 'OVERLOADED') this.fail(error);
    });
  }

  /** Lets time pass until it is over, or something holds. */
  async passUntil(ms: number, holds: () => boolean = () => false): Promise<boolean> {
    for (let look = this.time.now + LOOK_MS; this.time.now < ms;) {
      // One event at a time, and all that follows from it within its turn of the event loop.
      const happened = this.time.runUntil(Math.min(ms, look), () => true);
      // After all promises that are settled; now and then the event loop itself, which checkpoints are written in.
      await new Promise<void>(++this.#events % EVENTS_PER_TURN === 0 ? setImmediate : process.nextTick);
      for (const replica of this.running) replica?.listen();
      if (this.#failure !== null) throw this.#failure;
      if (happened) continue;
      look += LOOK_MS;
      if (holds()) return true;
    }
    return false;
  }

  /** Whether everybody votes in every group. */
  get complete(): boolean {
    const all = this.#numbers.length;
    return this.running.every((replica) => replica?.logs.every((log) => log.status.membership.voters.length === all));
  }

  /** Whether every replica has executed all of the logs, and counts nothing as waiting. */
  get drained(): boolean {
    const sync = this.orders[0]?.entries ?? [];
    const wanted = this.orders.map((_, stream) => ListHistory.wanted(sync, stream));
    return this.running.every((replica) => {
      const nodes = replica?.serving ?? null;
      if (replica === null || nodes === null || nodes.queuedBytes > 0 || nodes.coordinator.running) return false;
      return this.orders.every(({ length }, group) => {
        const log = replica.logs[group];
        if (log?.committedIndex !== length || log.lastIndex !== length) return false;
        const executor = nodes.streams[group - 1]?.executor;
        return (
          executor === undefined || (executor.executedIndex === length && executor.syncIndex >= (wanted[group] ?? 0))
        );
      });
    });
  }

  check(): void {
    const contents = this.replicas.flatMap((replica) => (replica === null ? [] : [replica.content]));
    expect(contents.length).toBe(this.#numbers.length);
    this.counts.elections = this.orders.reduce((sum, order) => sum + order.elections, 0);
    this.history.check(
      this.orders.map((order) => order.entries),
      contents,
    );
  }

  describe(): string {
    const groups = this.orders.map((order, group) => {
      const here = this.running.map((replica) => {
        const log = replica?.logs[group];
        if (replica === null || log === undefined) return '[down]';
        const { role, term, leader, membership } = log.status;
        const executor = replica.serving?.streams[group - 1]?.executor;
        const state = executor === undefined ? '' : `, at ${executor.executedIndex} and ${executor.syncIndex}`;
        const queued = replica.serving?.nodes[group]?.queuedBytes ?? 0;
        const range = `${log.firstIndex} ${log.committedIndex}/${log.lastIndex}`;
        return `[${role} ${term} of ${leader} (${membership.voters.join()}): ${range}${state}, ${queued} B]`;
      });
      return `group ${group}, ${order.length} committed: ${here.join(' ')}`;
    });
    return [`at ${this.time.now}`, ...groups, ...this.clients.map((client) => client.describe())].join('\n');
  }

  #serve(client: ListClient): void {
    this.time.after(this.random() * 2 * this.#clientPaceMs, () => {
      if (!client.idle) client.step();
      this.#serve(client);
    });
  }

  /** As an engine does: gets the newest whole checkpoint from another replica, then starts anew from it. */
  #install(number: number, from: number): void {
    const replica = this.running[number - 1];
    if (!replica || this.#installing.has(number)) return;
    this.#installing.add(number);
    this.time.after(1 + this.random() * 50, () => {
      this.#installing.delete(number);
      if (this.running[number - 1] !== replica) return;
      const own = this.stores[number - 1] as MemoryCheckpointStore;
      const source = this.stores[from - 1];
      if (this.running[from - 1] === null || (source?.newest()?.id ?? 0) <= (own.newest()?.id ?? 0)) return;
      copyNow(source as MemoryCheckpointStore, own).then(() => {
        if (this.running[number - 1] !== replica) return;
        this.counts.installed++;
        if (this.random() < 0.5) return this.restart(number);
        this.crash(number);
        this.start(number);
      }, this.fail);
    });
  }

  #compareHashes({ id, parts }: CheckpointManifest): void {
    this.counts.checkpoints++;
    const hashes = parts.map(({ part, nextIndex, keys, hash }) => `${part}: ${nextIndex} ${keys} ${hash}`).join(', ');
    const known = this.#hashes.get(id) ?? hashes;
    this.#hashes.set(id, known);
    if (known !== hashes) this.fail(new Error(`checkpoint ${id} differs: ${known} and ${hashes}`));
  }
}

/** One that is ending leads nobody. */
function leads(replica: RaftReplica | null | undefined, group: number): boolean {
  return replica?.serving?.alive === true && replica.logs[group]?.leadership.leading === true;
}

/** The newest checkpoint, read at one moment: meanwhile its owner may drop it. */
async function copyNow(from: MemoryCheckpointStore, to: MemoryCheckpointStore): Promise<void> {
  const manifest = from.newest();
  if (manifest === null) return;
  const parts = manifest.parts.map((part) => ({ part, chunks: [...from.read(manifest.id, part.part)] }));
  for (const { part, chunks } of parts) {
    const writer = to.begin(manifest.id, part.part);
    for (const chunk of chunks) await writer.write(chunk);
    await writer.finish(part);
  }
  await to.complete(manifest);
}
