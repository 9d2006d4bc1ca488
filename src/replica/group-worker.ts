/** What stream workers and group 0's worker have in common: control messages in, a duty cycle, an orderly end. */
import type { MessagePort } from 'node:worker_threads';
import { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import { ControlBlock } from '../memory/control-block.js';
import { Counter, Counters } from '../memory/counters.js';
import { DurableGroupLog } from '../ordering/local/durable-log.js';
import { MemoryGroupLog } from '../ordering/local/memory-log.js';
import type { GroupLog } from '../ordering/group-log.js';
import type { RaftGroupLog } from '../ordering/raft/raft-group-log.js';
import type { CheckpointStore, PartManifest } from '../storage/checkpoint-store.js';
import { checkpointDirectory, groupDirectory, logIdentity } from '../storage/data-paths.js';
import { MemoryCheckpointStore } from '../storage/memory-checkpoint-store.js';
import { WorkRecording } from '../metrics/work-recording.js';
import { nodeFileSystem } from '../storage/node-file-system.js';
import { SegmentLogStore } from '../storage/segment-log-store.js';
import { watchedFileSystem } from '../storage/watched-file-system.js';
import type { Welcome } from '../transport/handshake.js';
import type { ClientIntake } from './client-intake.js';
import { DutyCycle, type PollOutcome } from './duty-cycle.js';
import { PartWriter } from './part-writer.js';
import type { ReplicationEvents } from './replicated-log.js';
import { ReplicationControl } from './replication-control.js';
import type { RingClientMemory } from './ring-client.js';
import { type LeaderSight, StallWatch } from './stall-watch.js';
import { endBy } from './worker-end.js';
import type { FromWorker, ToWorker, WorkerTask } from './worker-messages.js';

/** What the two kinds of node offer to their worker. */
export interface GroupNode {
  readonly clients: ClientIntake;
  readonly recovered: boolean;
  /** Something committed waits to be executed: the same as long as this is. Null: nothing does. */
  readonly stuckAt: number | null;
  poll(): PollOutcome;
  open(): void;
  addFeed(memory: RingClientMemory): void;
  /** Group 0 only. */
  proposeCheckpoint(): void;
}

export interface GroupStorage {
  readonly log: GroupLog;
  /** The same log, where it is replicated. */
  readonly replicated: { readonly log: RaftGroupLog; readonly events: ReplicationEvents } | null;
  readonly checkpoints: CheckpointStore;
}

export async function openStorage(task: WorkerTask): Promise<GroupStorage> {
  if (task.dataDir === null || task.durability === 'memory') {
    return { log: new MemoryGroupLog(task.group), replicated: null, checkpoints: new MemoryCheckpointStore() };
  }
  const { dataDir, group, durability, replication } = task;
  const map = PartitionMap.fromJson(task.partitionMap);
  const directory = groupDirectory(dataDir, group);
  const control = new ControlBlock(task.control);
  const fileSystem = watchedFileSystem(nodeFileSystem, (is) => control.setAtDisk(group, is));
  const store = await SegmentLogStore.open(directory, { identity: logIdentity(group, map.epoch), fileSystem });
  // Loaded where there is a disk: starting many workers is mostly loading.
  const { LmdbCheckpointStore } = await import('../storage/lmdb-checkpoint-store.js');
  const checkpoints = LmdbCheckpointStore.open(checkpointDirectory(dataDir));
  if (replication === null)
    return { log: new DurableGroupLog(group, store, { durability, directory }), replicated: null, checkpoints };
  const events: ReplicationEvents = {
    checkpointNeeded: noHearer,
    problem: noHearer,
    malformed: noHearer,
    reachable: noHearer,
  };
  const { openReplicatedLog } = await import('./replicated-log.js');
  const log = await openReplicatedLog(replication, {
    dataDir,
    fileSystem,
    store,
    part: partOf(task),
    map,
    events,
    others: {
      stuck: () => control.anyStuckAtDiskBut(group),
      othersBehind: () => control.anyBehindBut(group),
      behind: (is) => control.setBehind(group, is),
    },
  });
  return { log, replicated: { log, events }, checkpoints };
}

/** No index: nothing is known to wait. */
const UNSEEN = -1;

const noHearer = (): void => undefined;

/** This group's part of the checkpoint to start from; null: there is none. */
export function partOf(task: WorkerTask): PartManifest | null {
  return task.checkpoint?.parts.find((part) => part.part === task.group) ?? null;
}

/** What a node needs of the thread that it runs on. */
export type NodeHost = Pick<GroupWorker, 'control' | 'counters' | 'writePart' | 'reportOrder'> & {
  readonly cycle: Pick<DutyCycle, 'wake' | 'busyUs'>;
  readonly recording?: WorkRecording | null;
};

export class GroupWorker {
  readonly control: ControlBlock;
  readonly counters: Counters;
  /** Null: nothing but the counters is recorded. */
  readonly recording: WorkRecording | null;
  readonly cycle: DutyCycle;
  readonly ended: Promise<void>;
  readonly #task: WorkerTask;
  readonly #port: MessagePort;
  readonly #storage: GroupStorage;
  readonly #parts: PartWriter;
  readonly #replication: ReplicationControl | null;
  #node: GroupNode | null = null;
  #welcome: Omit<Welcome, 'group' | 'nowMs'> | null = null;
  #recoveryReported = false;
  #resolve: () => void = () => undefined;
  #reject: (error: unknown) => void = () => undefined;

  constructor(task: WorkerTask, port: MessagePort, storage: GroupStorage) {
    this.#task = task;
    this.#port = port;
    this.#storage = storage;
    this.control = new ControlBlock(task.control);
    this.counters = new Counters(task.counters, task.group);
    this.recording = this.#openRecording();
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.cycle = new DutyCycle({
      bell: this.control.bell(task.group),
      poll: () => this.#poll(),
      watch: this.recording,
      spinUs: task.spinUs,
      failed: (error) => this.fail(error),
    });
    this.#parts = new PartWriter({
      group: task.group,
      log: storage.log,
      checkpoints: storage.checkpoints,
      done: (checkpoint, part) => this.send({ type: 'part', checkpoint, part }),
      skipped: (checkpoint) => this.send({ type: 'part-skipped', checkpoint, part: task.group }),
    });
    this.#replication = this.#openReplication();
    storage.log.onCommitted = (error) => {
      if (error === null) this.cycle.wake();
      else this.fail(error);
    };
  }

  /** Serves until told to stop; rejects when the worker cannot go on. Closes what is open either way. */
  async serve(prepare: () => GroupNode, stray: Promise<never>): Promise<void> {
    const { log, checkpoints } = this.#storage;
    let node: GroupNode | null = null;
    try {
      const prepared = prepare();
      node = this.#node = prepared;
      this.#port.on('message', (message: ToWorker) => this.#receive(prepared, message));
      this.send({ type: 'ready' });
      await Promise.race([this.ended, stray]);
    } catch (error) {
      this.send({ type: 'failed', ...endBy(error) });
      throw error;
    } finally {
      // What the main thread still asks for, a checkpoint say, would find a closed log.
      this.#port.removeAllListeners('message');
      this.cycle.end();
      this.#replication?.close();
      await node?.clients.close();
      await log.close();
      await checkpoints.close();
      this.#port.close();
    }
  }

  send(message: FromWorker): void {
    this.#port.postMessage(message);
  }

  fail(error: unknown): void {
    this.#reject(error);
  }

  /** Writes this group's part of a checkpoint; the engine fails if that cannot be. */
  writePart(...part: Parameters<PartWriter['write']>): void {
    this.#parts.write(...part).catch((error: unknown) => this.fail(error));
  }

  /** Group 0: tells the main thread what has become of the checkpoint that it asked for. */
  readonly reportOrder = (order: number | PsmrError): void => {
    if (typeof order === 'number') return this.send({ type: 'checkpoint-ordered', index: order });
    const leader = order.details['leader'];
    this.send({ type: 'checkpoint-refused', leader: typeof leader === 'number' ? leader : 0 });
  };

  #openRecording(): WorkRecording | null {
    const { recordings = null, group } = this.#task;
    if (recordings === null) return null;
    return new WorkRecording(recordings, group, (names, commands, us) =>
      this.send({ type: 'slow', names, commands, us }),
    );
  }

  #openReplication(): ReplicationControl | null {
    const { group, replication } = this.#task;
    if (this.#storage.replicated === null || replication === null) return null;
    const stalls = new StallWatch(replication.timing.electionMs);
    const sight = (): Omit<LeaderSight, 'leading'> => ({
      cutOff: this.control.anyLeaderlessBut(group) || this.control.anyAtDiskBut(group),
      diskHangs: this.control.anyStuckAtDiskBut(group),
      stuckAt: this.#node?.stuckAt ?? this.#unseenAt(),
    });
    const parts = { stalls, sight, counters: this.counters };
    return new ReplicationControl(this.#storage.replicated, parts, (message) => this.send(message));
  }

  /** Commands that touch this stream too may wait for it to name them: it hears of them from group 0's thread alone. */
  #unseenAt(): number | null {
    return this.#task.group !== 0 && this.control.isStuckAtDisk(0) ? UNSEEN : null;
  }

  #poll(): PollOutcome {
    const node = this.#node;
    if (node === null) return 'park';
    const outcome = node.poll();
    this.counters.set(Counter.busyUs, this.cycle.busyUs);
    if (!this.#recoveryReported && node.recovered) {
      this.#recoveryReported = true;
      this.send({ type: 'recovered' });
    }
    return outcome;
  }

  #receive(node: GroupNode, message: ToWorker): void {
    switch (message.type) {
      case 'go':
        return node.open();
      case 'add-client':
        return node.clients.addRing(message.client);
      case 'add-feed':
        return node.addFeed(message.client);
      case 'listen':
        return void this.#listen(node, message);
      case 'unlisten':
        this.#welcome = null;
        return void node.clients.close().then(() => {
          this.cycle.wake();
          this.send({ type: 'unlistened' });
        });
      case 'welcome':
        this.#welcome = message.welcome;
        return;
      case 'replicas':
        if (this.#welcome !== null) this.#welcome = { ...this.#welcome, replicas: message.replicas };
        return;
      case 'checkpoint':
        return node.proposeCheckpoint();
      case 'truncate':
        this.#storage.log.truncateBelow(message.below).catch((error: unknown) => this.fail(error));
        return;
      case 'set-peers':
      case 'move-leader':
      case 'change-members':
      case 'hand-over':
        return this.#replication?.receive(message);
      case 'stop':
        return this.#resolve();
    }
  }

  async #listen(node: GroupNode, message: ToWorker & { type: 'listen' }): Promise<void> {
    try {
      const welcome = (): Welcome => this.#greeting();
      const port = await node.clients.listen(message.endpoint, message.service, message.token, welcome);
      this.send({ type: 'listening', port });
    } catch (error) {
      this.send({ type: 'listen-failed', ...endBy(error) });
    }
  }

  #greeting(): Welcome {
    if (this.#welcome === null) {
      throw new PsmrError('UNREACHABLE', 'The server is still starting. Try again in a moment.');
    }
    const leaders = this.#welcome.leaders.map((_, group) => this.control.leader(group));
    return { ...this.#welcome, leaders, group: this.#task.group, nowMs: this.control.nowMs };
  }
}
