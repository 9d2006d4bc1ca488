/** Replicas of one group in one thread: the real group log, store, hard state and core, over memory and a given time. */
import { HardStateFile } from '../../../src/ordering/raft/hard-state-file.js';
import { prepareStore } from '../../../src/ordering/raft/prepare-store.js';
import type { LogStart } from '../../../src/ordering/raft/raft-log.js';
import { RaftGroupLog } from '../../../src/ordering/raft/raft-group-log.js';
import type { RaftClock } from '../../../src/ordering/raft/raft-group-log-options.js';
import { EntryKind, type Entry, type LogPosition, type Membership } from '../../../src/ordering/group-log.js';
import { MemoryDisk } from '../../../src/storage/memory-disk.js';
import { SegmentLogStore } from '../../../src/storage/segment-log-store.js';
import { seededRandom, SimulatedClock } from '../../client/simulated-clock.js';
import { MemoryNetwork } from '../../simulation/memory-network.js';

const TIMING = { heartbeatMs: 20, electionMs: 100, leaseMs: 0, noticeMs: 3 };
const FLOW = { appendBytesMax: 4096, inflightBytesMax: 65_536, inflightAppendsMax: 16 };

export interface GroupReplica {
  readonly id: number;
  /** Another group of it stands still with its disk. */
  stuck: boolean;
  /** Another group of it has much to execute. */
  othersBehind: boolean;
  /** It executes what is committed. */
  executes: boolean;
  readonly log: RaftGroupLog;
  /** What `take` has handed out since this start. */
  readonly taken: Entry[];
  failure: Error | null;
  checkpointNeededFrom: number;
  /** How often it was told that its disk hangs. */
  hangs: number;
  /** How often its log has asked the disk for entries since this start. */
  diskReads: number;
}

export class SimulatedGroup {
  readonly clock: SimulatedClock;
  readonly network: MemoryNetwork;
  readonly replicas = new Map<number, GroupReplica>();
  readonly random: () => number;
  readonly #disks = new Map<number, MemoryDisk>();
  readonly #members: Membership;
  readonly #retainBytes: number;
  readonly #preferred: number;
  #time = 0;

  constructor(seed: number, members: number, options: { retainBytes?: number; preferred?: number } = {}) {
    this.random = seededRandom(seed);
    this.clock = new SimulatedClock(this.random);
    this.network = new MemoryNetwork({ clock: this.clock, random: this.random });
    this.#members = { voters: Array.from({ length: members }, (_, at) => at + 1), learners: [] };
    this.#retainBytes = options.retainBytes ?? 0;
    this.#preferred = options.preferred ?? 0;
  }

  async start(id: number, checkpoint: LogPosition | null = null): Promise<GroupReplica> {
    const disk = this.#disks.get(id) ?? new MemoryDisk();
    this.#disks.set(id, disk);
    disk.createDirectory();
    const store = await SegmentLogStore.open('/log/segments', { fileSystem: disk, segmentBytes: 16_384 });
    const hardState = await HardStateFile.open(disk, '/log/vote', { cluster: 'test', replica: id, group: 1 }, store);
    const start = {
      index: checkpoint?.index ?? 0,
      term: checkpoint?.term ?? 0,
      timestampMs: 0,
      membership: checkpoint?.membership ?? this.#members,
    };
    await prepareStore(store, start);
    const replica: GroupReplica = {
      id,
      stuck: false,
      othersBehind: false,
      executes: true,
      log: this.#log(id, store, hardState, start),
      taken: [],
      failure: null,
      checkpointNeededFrom: 0,
      hangs: 0,
      diskReads: 0,
    };
    const read = store.read.bind(store);
    store.read = (from, maxBytes) => {
      replica.diskReads++;
      return read(from, maxBytes);
    };
    this.replicas.set(id, replica);
    replica.log.startFrom(start.index + 1);
    replica.log.setPeers(this.#members.voters.map((peer) => ({ id: peer, host: '', port: 1 })));
    const drain = (): void => {
      if (!replica.executes) return;
      for (let entry = replica.log.take(); entry !== null; entry = replica.log.take()) replica.taken.push(entry);
    };
    replica.log.onCommitted = (error) => {
      replica.failure ??= error;
      if (error === null) drain();
    };
    return replica;
  }

  /** The process dies and its machine loses power. */
  async crash(id: number): Promise<void> {
    this.network.crash(id);
    const replica = this.replicas.get(id);
    this.replicas.delete(id);
    const disk = this.#disks.get(id);
    if (disk !== undefined) this.#disks.set(id, disk.restarted(this.random));
    await replica?.log.close().catch(() => undefined);
  }

  /** The disk takes writes, and no sync of it ends until the returned function is called. */
  hangDisk(id: number): () => void {
    const disk = this.#disks.get(id);
    if (disk === undefined) throw new Error(`replica ${id} has a disk`);
    return disk.holdSyncs();
  }

  /** Lets `ms` of virtual time pass, and the disks do what they have to do in it. */
  async pass(ms: number): Promise<void> {
    for (let step = 0; step < ms; step++) {
      this.clock.run(++this.#time);
      await new Promise(setImmediate);
    }
  }

  /** Passes time until something holds. */
  async until(what: string, holds: () => boolean, limitMs = 5000): Promise<void> {
    for (let ms = 0; !holds(); ms++) {
      if (ms >= limitMs) throw new Error(`not within ${limitMs} ms: ${what}`);
      await this.pass(1);
    }
  }

  get leader(): GroupReplica | null {
    const leading = [...this.replicas.values()].filter((replica) => replica.log.leadership.leading);
    return leading.sort((a, b) => b.log.leadership.term - a.log.leadership.term)[0] ?? null;
  }

  async elected(): Promise<GroupReplica> {
    await this.until('a leader', () => this.leader !== null);
    return this.leader as GroupReplica;
  }

  #log(id: number, store: SegmentLogStore, hardState: HardStateFile, start: LogStart): RaftGroupLog {
    const clock: RaftClock = this.clock;
    return new RaftGroupLog({
      group: 1,
      replica: id,
      store,
      hardState,
      start,
      openLinks: (handlers) => this.network.open(id, handlers),
      timing: TIMING,
      flow: FLOW,
      clock,
      random: this.random,
      preferred: () => this.#preferred,
      retainBytes: this.#retainBytes,
      checkpointNeeded: (from) => {
        const replica = this.replicas.get(id);
        if (replica !== undefined) replica.checkpointNeededFrom = from;
      },
      malformed: (_, why) => {
        throw why;
      },
      stuck: () => this.replicas.get(id)?.stuck ?? false,
      othersBehind: () => this.replicas.get(id)?.othersBehind ?? false,
      behind: () => undefined,
      diskHangs: () => {
        const replica = this.replicas.get(id);
        if (replica !== undefined) replica.hangs++;
      },
    });
  }
}

export function proposal(text: string, mergePoint = 0, timestampMs = 1): Parameters<RaftGroupLog['propose']>[0] {
  return { kind: EntryKind.commands, mergePoint, timestampMs, frames: [Buffer.from(text)] };
}

/** The texts of what was committed, without no-ops. */
export function textsOf(replica: GroupReplica): string[] {
  return replica.taken
    .filter((entry) => entry.kind === EntryKind.commands)
    .map((entry) => Buffer.from(entry.frames[0] ?? []).toString());
}
