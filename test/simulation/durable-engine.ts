/**
 * A whole engine in one thread on a disk that loses power: the real nodes, restored and wired as their workers do it,
 * over the real logs, with checkpoints. Whatever happens follows from the seed and from where the power fails.
 */
import { CheckpointCoordinator } from '../../src/replica/checkpoint-coordinator.js';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { PsmrError } from '../../src/errors.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { Counters } from '../../src/memory/counters.js';
import type { Entry, Proposal } from '../../src/ordering/group-log.js';
import { DurableGroupLog, type DurableLogOptions } from '../../src/ordering/local/durable-log.js';
import { createEngineMemory } from '../../src/replica/engine-memory.js';
import type { NodeHost } from '../../src/replica/group-worker.js';
import type { StreamNode } from '../../src/replica/stream-node.js';
import { streamNode } from '../../src/replica/stream-worker.js';
import type { SyncNode } from '../../src/replica/sync-node.js';
import { syncNode } from '../../src/replica/sync-worker.js';
import type { WorkerTask } from '../../src/replica/worker-messages.js';
import type { Service } from '../../src/service/command.js';
import { PartWriter } from '../../src/replica/part-writer.js';
import type { CheckpointStore } from '../../src/storage/checkpoint-store.js';
import type { MemoryDisk } from '../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import type { LogStore } from '../../src/storage/log-store.js';
import { DiskCheckpointStore } from './disk-checkpoint-store.js';
import { contentOf, isDrained, noGuard, SMALL_RINGS } from './simulated-engine.js';

/** So small that a run fills several files per log. */
const SEGMENT_BYTES = 4096;

/** All that was ever proposed and not lost, by index: the store itself forgets what checkpoints cover. */
export type History = Entry[];

class RecordedLog extends DurableGroupLog {
  readonly #history: History;
  readonly #heldAtStart: number;
  #taken = 0;

  constructor(group: number, store: LogStore, history: History, options: DurableLogOptions) {
    super(group, store, options);
    this.#history = history;
    this.#heldAtStart = store.lastIndex;
    // What the power failure took from the log never was.
    history.length = store.lastIndex;
  }

  /** What it held at the start has been handed out to the last entry. */
  get replayed(): boolean {
    return this.#taken >= this.#heldAtStart;
  }

  override startFrom(index: number): void {
    super.startFrom(index);
    this.#taken = index - 1;
  }

  override take(): Entry | null {
    const entry = super.take();
    if (entry !== null) this.#taken = entry.index;
    return entry;
  }

  override propose(proposal: Proposal): number {
    const index = super.propose(proposal);
    this.#history[index - 1] = { ...proposal, index };
    return index;
  }
}

export interface Persistence {
  readonly disk: MemoryDisk;
  /** By group. */
  readonly histories: readonly History[];
  readonly durability: DurableLogOptions['durability'];
}

export class DurableEngine {
  readonly nodes: readonly (StreamNode | SyncNode)[];
  readonly streams: readonly StreamNode[];
  readonly control: ControlBlock;
  /** Why it can go on no more: the power is off. */
  failure: unknown = null;
  checkpoints = 0;
  readonly #coordinator: CheckpointCoordinator;
  readonly #sync: SyncNode;
  readonly #logs: readonly RecordedLog[];

  /** Opens what the disk holds, and recovers. */
  static async open(service: Service, map: PartitionMap, persistence: Persistence): Promise<DurableEngine> {
    const { disk, histories } = persistence;
    const logs: RecordedLog[] = [];
    for (const [group, history] of histories.entries()) {
      const options = { segmentBytes: SEGMENT_BYTES, identity: `group ${group}`, fileSystem: disk };
      const directory = `/data/group-${group}`;
      const store = await SegmentLogStore.open(directory, options);
      const { durability } = persistence;
      logs.push(new RecordedLog(group, store, history, { durability, directory }));
    }
    return new DurableEngine(service, map, disk, logs);
  }

  private constructor(
    readonly service: Service,
    readonly map: PartitionMap,
    disk: MemoryDisk,
    logs: readonly RecordedLog[],
  ) {
    this.#logs = logs;
    const memory = createEngineMemory(map.streams, SMALL_RINGS);
    this.control = new ControlBlock(memory.control);
    const checkpoints = new DiskCheckpointStore(disk, '/data/checkpoints');
    const checkpoint = checkpoints.newest();
    this.#coordinator = new CheckpointCoordinator({
      groups: map.streams + 1,
      store: checkpoints,
      order: () => this.#sync.proposeCheckpoint(),
      truncate: (group, below) => void logs[group]?.truncateBelow(below).catch(this.#fail),
      completed: () => undefined,
      nowMs: () => 0,
    });
    const wired = logs.map((log, group) => {
      log.onCommitted = (error) => {
        if (error !== null) this.#fail(error);
      };
      const task: WorkerTask = {
        ...memory,
        group,
        replica: 0,
        replication: null,
        serviceUrl: '',
        partitionMap: map.toJson(),
        limits: DEFAULT_LIMITS,
        spinUs: 0,
        dataDir: null,
        durability: 'sync',
        checkpoint,
      };
      const storage = { log, replicated: null, checkpoints };
      return { task, storage, host: this.#host(memory.counters, log, checkpoints) };
    });
    const nodes = wired.map(({ task, host, storage }) =>
      task.group === 0 ? syncNode(task, host, storage) : streamNode(task, host, storage, service, noGuard, () => 0),
    );
    this.nodes = nodes;
    this.#sync = nodes[0] as SyncNode;
    this.streams = nodes.slice(1) as StreamNode[];
    this.#sync.open();
    for (const stream of this.streams) stream.open();
    this.#checkRecovered();
  }

  /** Everything that the logs held is executed again, and group 0's commands have come to all of their streams. */
  get recovered(): boolean {
    return this.nodes.every((node) => node.recovered) && this.drained;
  }

  get drained(): boolean {
    return (
      this.#logs.every((log) => log.committedIndex === log.lastIndex) &&
      isDrained(this.streams, this.#logs, this.control)
    );
  }

  poll(group: number): void {
    try {
      this.nodes[group]?.poll();
      this.#checkRecovered();
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Takes a checkpoint, if none is under way. */
  takeCheckpoint(): void {
    if (this.#coordinator.running || this.failure !== null) return;
    this.#coordinator.take().then(
      () => this.checkpoints++,
      // One that was met in replay may still be being written.
      (error: unknown) => (error instanceof PsmrError && error.code === 'OVERLOADED' ? undefined : this.#fail(error)),
    );
  }

  content(): Map<string, unknown> {
    return contentOf(this.streams);
  }

  describe(): string {
    return this.#logs
      .map((log, group) => {
        const executor = this.streams[group - 1]?.executor;
        const at = executor === undefined ? '' : ` executed ${executor.executedIndex} merged ${executor.syncIndex}`;
        return `group ${group}: ${log.firstIndex} to ${log.lastIndex}, committed ${log.committedIndex}${at}`;
      })
      .join('; ');
  }

  /** No node may say so before its log has been executed: reads are answered from then on. */
  #checkRecovered(): void {
    this.nodes.forEach((node, group) => {
      if (node.recovered && this.#logs[group]?.replayed !== true)
        throw new Error(`group ${group} says that it has recovered, and has not replayed its log: ${this.describe()}`);
    });
  }

  readonly #fail = (error: unknown): void => {
    this.failure ??= error;
  };

  #host(counters: SharedArrayBuffer, log: RecordedLog, checkpoints: CheckpointStore): NodeHost {
    const parts = new PartWriter({
      group: log.group,
      log,
      checkpoints,
      done: (checkpoint, part) => this.#coordinator.partDone(checkpoint, part),
      skipped: (checkpoint) => this.#coordinator.partSkipped(checkpoint, log.group),
    });
    return {
      control: this.control,
      counters: new Counters(counters, log.group),
      cycle: { wake: () => undefined, busyUs: 0 },
      writePart: (...part) => void parts.write(...part).catch(this.#fail),
      reportOrder: (order) => {
        if (typeof order === 'number') this.#coordinator.ordered(order);
        else this.#coordinator.refused(order);
      },
    };
  }
}
