/**
 * A whole engine in one thread: the real stream nodes, sync node, proposers, executors and rings, polled in an order
 * that a seed decides. Everything that happens follows from the seed.
 */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { Counters } from '../../src/memory/counters.js';
import type { Entry, GroupLog, Proposal } from '../../src/ordering/group-log.js';
import { MemoryGroupLog } from '../../src/ordering/local/memory-log.js';
import { createEngineMemory } from '../../src/replica/engine-memory.js';
import { StreamNode } from '../../src/replica/stream-node.js';
import { SyncNode } from '../../src/replica/sync-node.js';
import type { Service } from '../../src/service/command.js';
import type { DeterminismGuard } from '../../src/service/determinism-guard.js';
import { readStored } from '../../src/service/values.js';

/** So small that they are full now and then. */
export const SMALL_RINGS = { syncBytes: 4096, exchangeBytes: 4096 };

export const noGuard: DeterminismGuard = {
  active: false,
  command: '',
  realNow: () => 0,
  uninstall: () => undefined,
};

/** Keeps what was proposed, and commits it only when told to: a log whose disk takes its time. */
class RecordingLog extends MemoryGroupLog {
  readonly entries: Entry[] = [];
  committed = 0;

  override propose(proposal: Proposal): number {
    const index = super.propose(proposal);
    this.entries.push({ ...proposal, index });
    return index;
  }

  override get committedIndex(): number {
    return this.committed;
  }

  override take(): Entry | null {
    return this.firstIndex > this.committed ? null : super.take();
  }
}

/**
 * The control words as one stream's thread sees them: other threads may do anything between two of its reads. `others`
 * is what they do just before one.
 */
class ContestedControl extends ControlBlock {
  others: () => void = () => undefined;

  override get fed(): boolean {
    this.others();
    return super.fed;
  }

  override wanted(stream: number): number {
    this.others();
    return super.wanted(stream);
  }
}

export class SimulatedEngine {
  readonly nodes: (StreamNode | SyncNode)[];
  readonly streams: StreamNode[];
  readonly logs: RecordingLog[];
  readonly control: ControlBlock;
  /** What other threads do between two looks of a stream at the control words. */
  betweenReads: () => void = () => undefined;
  readonly #random: () => number;

  constructor(
    readonly service: Service,
    readonly map: PartitionMap,
    random: () => number,
  ) {
    this.#random = random;
    // In rounds of one command each, where it is little.
    const exchangeBytes = random() < 0.3 ? 1 : random() < 0.5 ? 200 : undefined;
    const memory = createEngineMemory(map.streams, SMALL_RINGS);
    const control = new ControlBlock(memory.control);
    this.control = control;
    const groups = Array.from({ length: map.streams + 1 }, (_, group) => group);
    this.logs = groups.map((group) => new RecordingLog(group));
    const common = (group: number): ConstructorParameters<typeof SyncNode>[0] => ({
      replica: 0,
      map,
      limits: DEFAULT_LIMITS,
      control,
      counters: new Counters(memory.counters, group),
      links: memory.links,
      log: this.logs[group] as RecordingLog,
      wake: () => undefined,
      nowMs: () => 1000,
      checkpoint: () => undefined,
      checkpointOrdered: () => undefined,
    });
    const contested = (): ControlBlock => {
      const words = new ContestedControl(memory.control);
      words.others = () => this.betweenReads();
      return words;
    };
    const sync = new SyncNode(common(0), 0);
    this.streams = groups.slice(1).map(
      (stream) =>
        new StreamNode({
          ...common(stream),
          control: contested(),
          nowUs: () => 0,
          stream,
          service,
          guard: noGuard,
          stepsPerPoll: 1,
          ...(exchangeBytes === undefined ? {} : { exchangeBytes }),
          checkpoint: () => undefined,
        }),
    );
    this.nodes = [sync, ...this.streams];
    sync.open();
    for (const stream of this.streams) stream.open();
  }

  /** One step of one thread, or of one disk. */
  step(): void {
    const group = Math.floor(this.#random() * this.nodes.length);
    const log = this.logs[group];
    if (this.#random() < 0.3 && log !== undefined) {
      log.committed += Math.floor(this.#random() * (log.lastIndex - log.committed + 1));
    } else {
      this.nodes[group]?.poll();
    }
  }

  describe(): string {
    return this.logs
      .map((log, group) => {
        const executor = this.streams[group - 1]?.executor;
        const at = executor === undefined ? '' : ` executed ${executor.executedIndex} merged ${executor.syncIndex}`;
        return `group ${group}: last ${log.lastIndex} committed ${log.committed}${at}`;
      })
      .join('; ');
  }

  /** Whether all that was ordered has been executed in each of its streams: a reply needs only the coordinator. */
  get drained(): boolean {
    return isDrained(this.streams, this.logs, this.control);
  }

  content(): Map<string, unknown> {
    return contentOf(this.streams);
  }
}

export function isDrained(streams: readonly StreamNode[], logs: readonly GroupLog[], control: ControlBlock): boolean {
  return streams.every(({ executor }, at) => {
    const wanted = control.wanted(at + 1);
    return executor.executedIndex === logs[at + 1]?.lastIndex && executor.syncIndex >= wanted;
  });
}

/** All partitions together; keys placed everywhere stand once, and are checked to be equal everywhere. */
export function contentOf(streams: readonly StreamNode[]): Map<string, unknown> {
  const all = new Map<string, unknown>();
  const copies = streams.map(({ executor }) => JSON.stringify([...executor.values.everywhere.entries()].sort()));
  if (new Set(copies).size > 1) throw new Error(`copies of keys placed everywhere differ: ${copies.join(' | ')}`);
  for (const { executor } of streams) {
    for (const store of [executor.values.own, executor.values.everywhere])
      for (const [key, value] of store.entries()) all.set(key, readStored(value));
  }
  return all;
}
