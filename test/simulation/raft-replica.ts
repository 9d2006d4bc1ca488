/** One run of a replica: real Raft group logs over its disk and the groups' networks, under the real nodes. */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import type { Entry, Membership } from '../../src/ordering/group-log.js';
import { HardStateFile } from '../../src/ordering/raft/hard-state-file.js';
import { prepareStore } from '../../src/ordering/raft/prepare-store.js';
import type { LogStart } from '../../src/ordering/raft/raft-log.js';
import { RaftGroupLog } from '../../src/ordering/raft/raft-group-log.js';
import type { RaftFlow, RaftTiming } from '../../src/ordering/raft/raft-types.js';
import type { CheckpointManifest, CheckpointStore } from '../../src/storage/checkpoint-store.js';
import { SegmentLogStore } from '../../src/storage/segment-log-store.js';
import type { CommittedOrder } from './committed-order.js';
import type { MemoryNetwork } from './memory-network.js';
import { SimulatedProcess, type Machine } from './simulated-process.js';
import { SimulatedReplica } from './simulated-replica.js';
import { SimulatedThread } from './simulated-thread.js';
import { slowCheckpoints } from './slow-checkpoints.js';

/** A few entries each, so that truncation drops files. */
const SEGMENT_BYTES = 2048;

export interface RaftReplicaOptions {
  readonly machine: Machine;
  readonly map: PartitionMap;
  readonly members: Membership;
  readonly networks: readonly MemoryNetwork[];
  readonly orders: readonly CommittedOrder[];
  readonly store: CheckpointStore;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
  readonly preferred: (group: number) => number;
  readonly retainBytes: number;
  readonly spins: number;
  readonly checkpointNeeded: (from: number) => void;
  readonly completed: (manifest: CheckpointManifest) => void;
  /** What is executed from now on is executed here. */
  readonly executing: (stream: number) => void;
  readonly failed: (error: unknown) => void;
}

export class RaftReplica {
  readonly logs: RaftGroupLog[] = [];
  readonly process: SimulatedProcess;
  readonly #options: RaftReplicaOptions;
  readonly #threads: SimulatedThread[] = [];
  #replica: SimulatedReplica | null = null;
  #starting: Promise<void> | null = null;

  constructor(options: RaftReplicaOptions) {
    this.#options = options;
    this.process = new SimulatedProcess(options.machine);
    this.#starting = this.#start().catch((error: unknown) => {
      if (this.process.alive) options.failed(error);
    });
  }

  /** What clients find; null: it is not there yet, or no more. */
  get serving(): SimulatedReplica | null {
    return this.#replica?.alive === true ? this.#replica : null;
  }

  /** Looks whether any bell has rung. */
  listen(): void {
    if (this.process.alive) for (const thread of this.#threads) thread.listen();
  }

  /** The process dies with its machine. */
  crash(): void {
    const { networks, machine } = this.#options;
    this.process.alive = false;
    if (this.#replica !== null) this.#replica.alive = false;
    for (const network of networks) network.crash(machine.number);
    machine.losePower();
    for (const log of this.logs) log.close().catch(() => undefined);
  }

  /** Ends in order. */
  async stop(): Promise<void> {
    await this.#starting;
    if (this.#replica !== null) this.#replica.alive = false;
    for (const log of this.logs) await log.close();
    this.process.alive = false;
  }

  pause(group: number, ms: number): void {
    const { networks, machine } = this.#options;
    this.process.pause(group, ms);
    networks[group]?.stopReading(machine.number);
    this.process.after(group, ms, () => networks[group]?.resumeReading(machine.number));
  }

  async #start(): Promise<void> {
    const { map, machine, store, completed, failed, spins } = this.#options;
    const checkpoint = store.newest();
    const groups = Array.from({ length: map.streams + 1 }, (_, group) => group);
    const opened = await Promise.all(groups.map((group) => this.#open(group, checkpoint)));
    if (!this.process.alive) return;
    for (const open of opened) this.logs.push(open());
    const { process } = this;
    const replica: SimulatedReplica = new SimulatedReplica({
      number: machine.number,
      map,
      logs: this.logs,
      store: slowCheckpoints(store, process.wait(0, 'checkpoints')),
      checkpoint,
      nowMs: () => machine.wallMs(),
      nowUs: machine.workingUs,
      completed,
      wake: (group) => this.#threads[group]?.wake(),
      failed,
    });
    this.#replica = replica;
    for (const group of groups)
      this.#threads.push(
        new SimulatedThread({
          bell: replica.control.bell(group),
          poll: () => {
            if (!replica.alive) return 'park';
            this.#options.executing(group);
            return replica.nodes[group]?.poll() ?? 'park';
          },
          after: (ms, act) => process.after(group, ms, act),
          random: machine.random,
          spins,
        }),
      );
    for (const thread of this.#threads) thread.wake();
  }

  async #open(group: number, checkpoint: CheckpointManifest | null): Promise<() => RaftGroupLog> {
    const { machine, members } = this.#options;
    const { number } = machine;
    const part = checkpoint?.parts[group];
    const start = {
      index: part?.position.index ?? 0,
      term: part?.position.term ?? 0,
      timestampMs: part?.timestampMs ?? 0,
      membership: part?.position.membership ?? members,
    };
    const fileSystem = this.process.fileSystem(group);
    const store = await SegmentLogStore.open(`/data/${group}`, { fileSystem, segmentBytes: SEGMENT_BYTES });
    const owner = { cluster: 'simulated', replica: number, group };
    const hardState = await HardStateFile.open(fileSystem, `/data/vote-${group}`, owner, store);
    await prepareStore(store, start);
    return () => this.#join(group, store, hardState, start);
  }

  #join(group: number, store: SegmentLogStore, hardState: HardStateFile, start: LogStart): RaftGroupLog {
    const { machine, members, networks, orders, timing, flow, preferred, retainBytes, checkpointNeeded } =
      this.#options;
    const { number, random } = machine;
    const order = orders[group] as CommittedOrder;
    const log: WatchedLog = new WatchedLog(order, {
      group,
      replica: number,
      store: order.watch(number, store, () => log),
      hardState,
      start,
      openLinks: (handlers) => {
        const links = (networks[group] as MemoryNetwork).open(number, handlers);
        return {
          ...links,
          send: (to, pieces) => {
            if (pieces.length === 1) order.sent(pieces[0] as Uint8Array, store, log);
            return links.send(to, pieces);
          },
        };
      },
      timing,
      flow,
      clock: this.process.clock(group),
      random,
      preferred: () => preferred(group),
      retainBytes,
      checkpointNeeded,
      malformed: (_, why) => this.#options.failed(why),
      stuck: () => false,
      othersBehind: () => this.#replica?.control.anyBehindBut(group) ?? false,
      behind: (is) => this.#replica?.control.setBehind(group, is),
      diskHangs: () => undefined,
    });
    log.onCommitted = (error) => {
      if (error !== null) return this.process.alive && this.#options.failed(error);
      log.watchCommits();
      this.#threads[group]?.wake();
    };
    log.setPeers(members.voters.map((id) => ({ id, host: '', port: 1 })));
    return log;
  }
}

/** Tells of all that it commits, hands out and leads. */
class WatchedLog extends RaftGroupLog {
  readonly #order: CommittedOrder;
  readonly #replica: number;
  #told: number;

  constructor(order: CommittedOrder, options: ConstructorParameters<typeof RaftGroupLog>[0]) {
    super(options);
    this.#order = order;
    this.#replica = options.replica;
    this.#told = options.start.index;
  }

  watchCommits(): void {
    this.#order.committed(this.#replica, this, this.#told);
    this.#told = this.committedIndex;
  }

  override take(): Entry | null {
    const entry = super.take();
    if (entry !== null) this.#order.taken(this.#replica, entry);
    return entry;
  }
}
