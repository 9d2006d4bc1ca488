/**
 * A whole engine in one thread: the real stream nodes, sync node, proposers, executors and rings, polled in an order
 * that a seed decides. Everything that happens follows from the seed.
 */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { decodeReply } from '../../src/client/reply.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import type { PsmrError } from '../../src/errors.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { Counters } from '../../src/memory/counters.js';
import { RingReader, RingWriter } from '../../src/memory/ring.js';
import type { Entry, Proposal } from '../../src/ordering/group-log.js';
import { MemoryGroupLog } from '../../src/ordering/local/memory-log.js';
import { clientMemoryOf, createClientMemory, createEngineMemory } from '../../src/replica/engine-memory.js';
import { StreamNode } from '../../src/replica/stream-node.js';
import { SyncNode } from '../../src/replica/sync-node.js';
import type { Service } from '../../src/service/command.js';
import type { DeterminismGuard } from '../../src/service/determinism-guard.js';
import { readStored } from '../../src/service/values.js';
import { encodeCommandsFrame, SEGMENT_EVERY_KEY, type Segment } from '../../src/transport/frames.js';
import { sameStreams } from '../../src/execution/stream-set.js';
import type { ModelCommand, ModelOutcome } from './model-service.js';

// Rings of 4 KiB, so that they are full now and then.
const noGuard: DeterminismGuard = { active: false, command: '', realNow: () => 0, uninstall: () => undefined };

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

/** A client that sends frames straight into its rings. One session per group, as the protocol wants it. */
export class SimulatedClient {
  readonly outcomes = new Map<number, ModelOutcome>();
  readonly rejections: PsmrError[] = [];
  readonly #writers: RingWriter[];
  readonly #readers: RingReader[];
  readonly #router: CommandRouter;
  readonly #sequences: number[];
  readonly #expected = new Map<string, number>();
  readonly #session: Uint8Array;

  constructor(engine: SimulatedEngine, id: number) {
    const memory = createClientMemory(id, engine.map.streams + 1, DEFAULT_LIMITS.ringBytes);
    engine.nodes.forEach((node, group) => node.clients.addRing(clientMemoryOf(memory, group)));
    this.#writers = memory.requests.map((ring) => new RingWriter(ring));
    this.#readers = memory.replies.map((ring) => new RingReader(ring, null));
    this.#router = new CommandRouter(engine.service, engine.map);
    this.#sequences = memory.requests.map(() => 1);
    this.#session = Uint8Array.from({ length: 16 }, (_, at) => (at === 15 ? id : 1));
  }

  /** Sends commands, known by their ids, as one frame per group. */
  send(commands: readonly (readonly [id: number, command: ModelCommand])[]): void {
    const byGroup = new Map<
      number,
      { id: number; command: ModelCommand; segment: Omit<Segment, 'count' | 'body'> }[]
    >();
    for (const [id, command] of commands) {
      const { group, mask, type } = this.#router.route(command[0], command[1]);
      const list = byGroup.get(group) ?? [];
      list.push({ id, command, segment: { ...mask, flags: type.everyKey && group === 0 ? SEGMENT_EVERY_KEY : 0 } });
      byGroup.set(group, list);
    }
    for (const [group, list] of byGroup) this.#sendFrame(group, list);
  }

  #sendFrame(
    group: number,
    list: { id: number; command: ModelCommand; segment: Omit<Segment, 'count' | 'body'> }[],
  ): void {
    const first = this.#sequences[group] ?? 1;
    const runs: (typeof list)[] = [];
    list.forEach((item, at) => {
      this.#expected.set(`${group}:${first + at}`, item.id);
      const last = runs.at(-1)?.[0]?.segment;
      if (last !== undefined && sameStreams(last, item.segment) && last.flags === item.segment.flags)
        runs.at(-1)?.push(item);
      else runs.push([item]);
    });
    this.#sequences[group] = first + list.length;
    const segments = runs.map((run) => ({
      ...(run[0] as (typeof run)[number]).segment,
      count: run.length,
      body: encodeCommandBatch(
        run.map((item) => item.command[0]),
        run.map((_, at) => at),
        run.map((item) => item.command[1]),
      ),
    }));
    const { epoch } = this.#router;
    const frame = { flags: 0, epoch, session: this.#session, firstSequence: first, acknowledged: 0, segments };
    if (this.#writers[group]?.offer(encodeCommandsFrame(frame)) !== true) throw new Error('the ring is full');
    this.#writers[group].publish();
  }

  receive(): void {
    this.#readers.forEach((reader, group) => {
      for (let bytes = reader.read(); bytes !== null; bytes = reader.read()) {
        const reply = decodeReply(bytes);
        if (reply.kind === 'rejected') {
          this.rejections.push(reply.error);
          continue;
        }
        const failed = new Map(reply.failures.map((failure) => [failure.position, failure.error.message]));
        for (let at = 0; at < reply.count; at++) {
          const id = this.#expected.get(`${group}:${reply.firstSequence + at}`);
          if (id === undefined) throw new Error(`a reply to nothing: group ${group}, ${reply.firstSequence + at}`);
          this.#expected.delete(`${group}:${reply.firstSequence + at}`);
          const error = failed.get(at);
          this.outcomes.set(id, error === undefined ? { value: reply.values[at] } : { error });
        }
      }
    });
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
    const memory = createEngineMemory(map.streams, { syncBytes: 4096, exchangeBytes: 4096 });
    const control = new ControlBlock(memory.control);
    this.control = control;
    const groups = Array.from({ length: map.streams + 1 }, (_, group) => group);
    this.logs = groups.map((group) => new RecordingLog(group));
    const common = (group: number): ConstructorParameters<typeof SyncNode>[0] => ({
      map,
      limits: DEFAULT_LIMITS,
      control,
      counters: new Counters(memory.counters, group),
      links: memory.links,
      log: this.logs[group] as RecordingLog,
      wake: () => undefined,
      nowMs: () => 1000,
      checkpoint: () => undefined,
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
          stream,
          service,
          guard: noGuard,
          lastMergePoint: 0,
          stepsPerPoll: 1,
          checkpoint: () => undefined,
        }),
    );
    this.nodes = [sync, ...this.streams];
    sync.open(0);
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
    return this.streams.every(({ executor }, at) => {
      const log = this.logs[at + 1];
      const wanted = this.control.wanted(at + 1);
      return executor.executedIndex === log?.lastIndex && executor.syncIndex >= wanted;
    });
  }

  /** All partitions together; keys placed everywhere stand once, and are checked to be equal everywhere. */
  content(): Map<string, unknown> {
    const all = new Map<string, unknown>();
    const copies = this.streams.map(({ executor }) => JSON.stringify([...executor.values.everywhere.entries()].sort()));
    if (new Set(copies).size > 1) throw new Error(`copies of keys placed everywhere differ: ${copies.join(' | ')}`);
    for (const { executor } of this.streams) {
      for (const store of [executor.values.own, executor.values.everywhere])
        for (const [key, value] of store.entries()) all.set(key, readStored(value));
    }
    return all;
  }
}
