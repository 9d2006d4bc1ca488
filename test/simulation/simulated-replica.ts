/** One replica in one thread: the real nodes, rings, session gates and checkpoints over ideal replicated logs. */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { Counters } from '../../src/memory/counters.js';
import { CheckpointCoordinator } from '../../src/replica/checkpoint-coordinator.js';
import { createEngineMemory } from '../../src/replica/engine-memory.js';
import { PartWriter } from '../../src/replica/part-writer.js';
import { restoreChunk, writePartition, writeSessions } from '../../src/replica/partition-writer.js';
import { StreamNode } from '../../src/replica/stream-node.js';
import { SyncNode, type SyncNodeOptions } from '../../src/replica/sync-node.js';
import type { DeterminismGuard } from '../../src/service/determinism-guard.js';
import { readStored } from '../../src/service/values.js';
import type { CheckpointManifest, CheckpointStore } from '../../src/storage/checkpoint-store.js';
import { PROTOCOL_VERSION } from '../../src/transport/frames.js';
import type { SessionGate } from '../../src/transport/session-gate.js';
import type { IdealLog } from './ideal-replicated-log.js';
import { service, type Mark } from './list-service.js';

const noGuard: DeterminismGuard = { active: false, command: '', realNow: () => 0, uninstall: () => undefined };

export interface ReplicaOptions {
  readonly number: number;
  readonly map: PartitionMap;
  readonly logs: readonly IdealLog[];
  readonly store: CheckpointStore;
  /** To start from; its parts are in `store`. */
  readonly checkpoint: CheckpointManifest | null;
  readonly nowMs: () => number;
  readonly completed: (manifest: CheckpointManifest) => void;
}

export class SimulatedReplica {
  readonly nodes: (StreamNode | SyncNode)[] = [];
  readonly streams: StreamNode[] = [];
  readonly gates: SessionGate[];
  readonly control: ControlBlock;
  readonly coordinator: CheckpointCoordinator;
  alive = true;
  readonly #options: ReplicaOptions;
  readonly #parts: PartWriter[];
  #writing: Promise<void>[] = [];

  constructor(options: ReplicaOptions) {
    this.#options = options;
    const { map, logs, store, nowMs, checkpoint } = options;
    const memory = createEngineMemory(map.streams, { syncBytes: 4096, exchangeBytes: 4096 });
    const control = new ControlBlock(memory.control);
    this.control = control;
    this.coordinator = this.#openCoordinator(store);
    this.#parts = logs.map((log, group) => this.#openPartWriter(log, group));
    const common = (group: number): SyncNodeOptions => ({
      replica: options.number,
      map,
      limits: DEFAULT_LIMITS,
      control,
      counters: new Counters(memory.counters, group),
      links: memory.links,
      log: logs[group] as IdealLog,
      wake: () => undefined,
      nowMs,
      checkpoint: (index) => {
        this.#write(0, index, index + 1, 0, (writer, place) => writeSessions(sync.sessions, writer, place));
      },
      checkpointOrdered: (order) => {
        if (typeof order === 'number') this.coordinator.ordered(order);
        else this.coordinator.refused(order);
      },
    });
    const placeOf = (part: number): number => checkpoint?.parts[part]?.nextIndex ?? 1;
    const sync = new SyncNode(common(0), placeOf(0) - 1);
    logs.forEach((log, group) => log.startFrom(placeOf(group)));
    for (let stream = 1; stream <= map.streams; stream++) {
      this.streams.push(this.#openStream(stream, { ...common(stream) }));
    }
    this.nodes.push(sync, ...this.streams);
    if (checkpoint !== null) this.#restore(checkpoint, sync);
    this.gates = this.nodes.map((node, group) => node.clients.openGate('lists', null, () => this.#welcome(group)));
    for (const node of this.nodes) node.open();
  }

  poll(group: number): void {
    this.nodes[group]?.poll();
  }

  /** Cuts its power: nothing that it was doing is finished. */
  crash(): void {
    this.alive = false;
  }

  /** Lets every part that is being written be finished. */
  async finishWriting(): Promise<void> {
    const writing = this.#writing;
    if (writing.length === 0) return;
    this.#writing = [];
    for (const log of this.#options.logs) log.writeDisk(1);
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

  #openCoordinator(store: CheckpointStore): CheckpointCoordinator {
    const { logs, nowMs, completed, map } = this.#options;
    return new CheckpointCoordinator({
      groups: map.streams + 1,
      store,
      order: () => this.nodes[0]?.proposeCheckpoint(),
      truncate: (group, below) => void logs[group]?.truncateBelow(below),
      completed,
      nowMs,
    });
  }

  #openPartWriter(log: IdealLog, group: number): PartWriter {
    return new PartWriter({
      group,
      log,
      checkpoints: this.#options.store,
      done: (checkpoint, part) => {
        if (this.alive) this.coordinator.partDone(checkpoint, part);
      },
      skipped: (checkpoint) => this.coordinator.partSkipped(checkpoint),
    });
  }

  #openStream(stream: number, common: SyncNodeOptions): StreamNode {
    const node: StreamNode = new StreamNode({
      ...common,
      stream,
      service,
      guard: noGuard,
      stepsPerPoll: 1,
      checkpoint: (index, nextEntry) => {
        const { values, sessions, timestampMs } = node.executor;
        this.#write(stream, index, nextEntry, timestampMs, (writer, place) =>
          writePartition(values, sessions, writer, place),
        );
      },
    });
    return node;
  }

  #write(group: number, ...part: Parameters<PartWriter['write']>): void {
    this.#writing.push((this.#parts[group] as PartWriter).write(...part));
  }

  #restore(checkpoint: CheckpointManifest, sync: SyncNode): void {
    const { store } = this.#options;
    for (const { part, nextIndex, timestampMs } of checkpoint.parts) {
      const executor = this.streams[part - 1]?.executor;
      for (const chunk of store.read(checkpoint.id, part))
        restoreChunk(chunk, executor?.values ?? null, executor?.sessions ?? sync.sessions);
      executor?.resumeFrom(nextIndex, checkpoint.id, timestampMs);
    }
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
    };
  }
}

/** Gives one replica's checkpoint to another: its newest, part by part. */
export async function copyCheckpoint(from: CheckpointStore, to: CheckpointStore): Promise<void> {
  const manifest = from.newest();
  if (manifest === null || manifest.id <= (to.newest()?.id ?? 0)) return;
  for (const part of manifest.parts) {
    const writer = to.begin(manifest.id, part.part);
    for (const chunk of from.read(manifest.id, part.part)) await writer.write(chunk);
    await writer.finish(part);
  }
  await to.complete(manifest);
}
