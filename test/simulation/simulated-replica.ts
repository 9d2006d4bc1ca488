/** One replica in one thread: the real nodes, rings, session gates and checkpoints over any group logs. */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { Counters } from '../../src/memory/counters.js';
import type { GroupLog } from '../../src/ordering/group-log.js';
import { CheckpointCoordinator } from '../../src/replica/checkpoint-coordinator.js';
import { createEngineMemory } from '../../src/replica/engine-memory.js';
import { PartWriter } from '../../src/replica/part-writer.js';
import type { NodeHost } from '../../src/replica/group-worker.js';
import type { StreamNode } from '../../src/replica/stream-node.js';
import { streamNode } from '../../src/replica/stream-worker.js';
import type { SyncNode } from '../../src/replica/sync-node.js';
import { syncNode } from '../../src/replica/sync-worker.js';
import type { WorkerTask } from '../../src/replica/worker-messages.js';
import { readStored } from '../../src/service/values.js';
import type { CheckpointManifest, CheckpointStore } from '../../src/storage/checkpoint-store.js';
import { PROTOCOL_VERSION } from '../../src/transport/frames.js';
import type { SessionGate } from '../../src/transport/session-gate.js';
import { service, type Mark } from './list-service.js';

export interface ReplicaOptions {
  readonly number: number;
  readonly map: PartitionMap;
  readonly logs: readonly GroupLog[];
  readonly store: CheckpointStore;
  /** To start from; its parts are in `store`. */
  readonly checkpoint: CheckpointManifest | null;
  readonly nowMs: () => number;
  /** How long its threads work, as they see it. */
  readonly nowUs: () => number;
  readonly completed: (manifest: CheckpointManifest) => void;
  /** A group's thread has something to do; left out where all threads are polled anyway. */
  readonly wake?: (group: number) => void;
  /** Something failed that an engine stops for. */
  readonly failed: (error: unknown) => void;
}

export class SimulatedReplica {
  readonly nodes: (StreamNode | SyncNode)[] = [];
  readonly streams: StreamNode[] = [];
  readonly gates: SessionGate[];
  readonly control: ControlBlock;
  readonly coordinator: CheckpointCoordinator;
  alive = true;
  readonly #options: ReplicaOptions;
  #writing: Promise<void>[] = [];

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { number, map, logs, store, nowMs, nowUs, checkpoint } = options;
    const memory = createEngineMemory(map.streams, { syncBytes: 4096, exchangeBytes: 4096 });
    this.control = new ControlBlock(memory.control);
    this.coordinator = this.#openCoordinator();
    const task = (group: number): WorkerTask => ({
      ...memory,
      group,
      replica: number,
      replication: null,
      serviceUrl: '',
      partitionMap: map.toJson(),
      limits: DEFAULT_LIMITS,
      spinUs: 0,
      dataDir: null,
      durability: 'sync',
      checkpoint,
    });
    const guard = { active: false, command: '', realNow: nowMs, uninstall: () => undefined };
    logs.forEach((log, group) => {
      const host = this.#openHost(log, new Counters(memory.counters, group));
      const storage = { log, replicated: null, checkpoints: store };
      if (group === 0) this.nodes.push(syncNode(task(group), host, storage, nowMs));
      else this.streams.push(streamNode(task(group), host, storage, service, guard, nowUs));
    });
    this.nodes.push(...this.streams);
    this.gates = this.nodes.map((node, group) => node.clients.openGate('lists', null, () => this.#welcome(group)));
    for (const node of this.nodes) node.open();
  }

  poll(group: number): void {
    this.nodes[group]?.poll();
  }

  /** Lets every part that is being written be finished. */
  async finishWriting(): Promise<void> {
    const writing = this.#writing;
    if (writing.length === 0) return;
    this.#writing = [];
    await Promise.all(writing);
    await new Promise((resolve) => setImmediate(resolve));
  }

  /** Its state as text, and the same with command ids alone. */
  get content(): { readonly exact: string; readonly lists: Map<string, number[]> } {
    const all = this.streams
      .flatMap(({ executor }) => [...executor.values.own.entries()])
      .map(([key, value]) => [key, readStored(value) as Mark[]] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1));
    return { exact: JSON.stringify(all), lists: new Map(all.map(([key, list]) => [key, list.map(([id]) => id)])) };
  }

  get queuedBytes(): number {
    return this.nodes.reduce((sum, node) => sum + node.queuedBytes, 0);
  }

  #openCoordinator(): CheckpointCoordinator {
    const { store, logs, nowMs, completed, map } = this.#options;
    return new CheckpointCoordinator({
      groups: map.streams + 1,
      store,
      // As a worker that has been told to stop: it listens no more.
      order: () => this.alive && this.nodes[0]?.proposeCheckpoint(),
      truncate: (group, below) => {
        logs[group]?.truncateBelow(below).catch((error: unknown) => this.#fail(error));
      },
      completed,
      nowMs,
    });
  }

  /** What a worker does for its node. */
  #openHost(log: GroupLog, counters: Counters): NodeHost {
    const { wake } = this.#options;
    const parts = new PartWriter({
      group: log.group,
      log,
      checkpoints: this.#options.store,
      done: (checkpoint, part) => {
        if (this.alive) this.coordinator.partDone(checkpoint, part);
      },
      skipped: (checkpoint) => this.coordinator.partSkipped(checkpoint, log.group),
    });
    return {
      control: this.control,
      counters,
      cycle: { wake: () => wake?.(log.group), busyUs: 0 },
      writePart: (...part) => {
        const writing = parts.write(...part).catch((error: unknown) => this.#fail(error));
        this.#writing.push(writing);
      },
      reportOrder: (order) => {
        if (typeof order === 'number') this.coordinator.ordered(order);
        else this.coordinator.refused(order);
      },
    };
  }

  #fail(error: unknown): void {
    if (this.alive) this.#options.failed(error);
  }

  #welcome(group: number): ReturnType<Parameters<SyncNode['clients']['openGate']>[2]> {
    const { map, nowMs } = this.#options;
    return {
      protocol: PROTOCOL_VERSION,
      service: 'lists',
      group,
      partitionMap: map.toJson(),
      endpoints: this.nodes.map(() => [null, 1] as const),
      nowMs: nowMs(),
      frameBytesMax: DEFAULT_LIMITS.frameBytesMax,
      replica: 0,
      leaders: [],
      replicas: [],
    };
  }
}
