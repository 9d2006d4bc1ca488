import type { LogPosition, Membership } from '../../../src/ordering/group-log.js';
import { supersedesLog } from '../../../src/ordering/raft/checkpoint-rule.js';
import { RaftCore } from '../../../src/ordering/raft/raft-core.js';
import type {
  Effects,
  HardState,
  RaftFlow,
  RaftMessage,
  RaftTiming,
  ReplicaId,
} from '../../../src/ordering/raft/raft-types.js';
import type { Property } from './property.js';
import { SimulatedLog, type SimulatedEntry } from './simulated-log.js';
import type { VirtualTime } from './virtual-time.js';

/** What the replicas of one simulation share. */
export interface World {
  readonly time: VirtualTime;
  readonly random: () => number;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
  readonly firstMembership: Membership;
  readonly properties: Required<Property>;
  /** The entries known to be committed by anybody, from index 1 on (at 0: a stand-in). */
  readonly committed: SimulatedEntry[];
  diskMs(): number;
  nextValue(): number;
  send(message: RaftMessage, entries: readonly SimulatedEntry[]): void;
  /** The replica `by` has been told to fetch a checkpoint. */
  checkpointNeeded(by: SimulatedReplica, firstIndex: number): void;
}

/** A driver in miniature: one core, its log, its disk, its clock. */
export class SimulatedReplica {
  readonly id: ReplicaId;
  readonly log = new SimulatedLog();
  readonly #world: World;
  core: RaftCore;
  /** What was last known to be committed. */
  knownCommit = 0;
  up = true;
  /** Messages and timers wait while the replica is paused. */
  #paused: (() => void)[] | null = null;
  /** On the disk. */
  hardState: HardState = { term: 0, votedFor: 0 };
  checkpoint: LogPosition;
  #hardStatesPending: HardState[] = [];
  #syncing = false;
  /** Counts this replica's lives: what was begun in an earlier one never ends. */
  #life = 0;
  #ledTerm = 0;
  #timer = 0;
  #clockMs: number;
  #clockAt = 0;
  readonly #clockRate: number;

  constructor(id: ReplicaId, world: World) {
    this.id = id;
    this.#world = world;
    this.#clockMs = world.random() * 1000;
    this.#clockRate = 0.98 + world.random() * 0.04;
    this.checkpoint = { index: 0, term: 0, membership: world.firstMembership };
    this.core = this.#createCore();
    this.#arm();
  }

  get localMs(): number {
    return this.#clockMs + (this.#world.time.now - this.#clockAt) * this.#clockRate;
  }

  get leads(): boolean {
    return this.up && this.core.role === 'leader';
  }

  jumpClock(ms: number): void {
    this.#clockMs = this.localMs + ms;
    this.#clockAt = this.#world.time.now;
  }

  pause(ms: number): void {
    if (this.#paused !== null) return;
    this.#paused = [];
    this.#world.time.after(ms, () => {
      const waiting = this.#paused ?? [];
      this.#paused = null;
      for (const run of waiting) run();
    });
  }

  crash(): void {
    if (!this.up) return;
    this.up = false;
    this.#stop();
    this.log.crash(this.#world.random);
    const survive = Math.floor(this.#world.random() * (this.#hardStatesPending.length + 1));
    this.hardState = this.#hardStatesPending[survive - 1] ?? this.hardState;
    this.#hardStatesPending = [];
  }

  restart(): void {
    if (this.up) return;
    this.up = true;
    this.core = this.#createCore();
    this.#world.properties.started(this);
    this.#carryOut();
  }

  receive(message: RaftMessage, entries: readonly SimulatedEntry[]): void {
    this.#whenAwake(() => {
      this.core.receive(message, this.localMs);
      this.#carryOut(entries);
    });
  }

  propose(count: number): void {
    this.#whenAwake(() => {
      if (this.core.role !== 'leader' || this.core.transferringTo !== 0) return;
      for (let i = 0; i < count; i++) this.#appendOwn(null);
      this.core.appended(this.localMs, false);
      this.#carryOut();
    });
  }

  changeMembership(membership: Membership): void {
    this.#whenAwake(() => {
      if (this.core.membershipProblem(membership) !== null) return;
      this.#appendOwn(membership);
      this.core.membershipAppended(membership, this.localMs);
      this.#carryOut();
    });
  }

  transfer(to: ReplicaId): void {
    this.#whenAwake(() => {
      this.core.transferLeadership(to, 'preferred', this.localMs);
      this.#carryOut();
    });
  }

  probe(id: ReplicaId): void {
    this.#whenAwake(() => {
      this.core.probe(id, this.localMs);
      this.#carryOut();
    });
  }

  losePeer(id: ReplicaId): void {
    this.#whenAwake(() => {
      this.core.peerLost(id, this.localMs);
      this.#carryOut();
    });
  }

  read(id: number): void {
    this.#whenAwake(() => {
      this.#world.properties.readAsked(this, id);
      this.core.read(id, this.localMs);
      this.#carryOut();
    });
  }

  /** Takes a checkpoint at the newest entry that is committed and durable here, and drops the log up to `keep` before it. */
  takeCheckpoint(keep: number): void {
    this.#whenAwake(() => {
      const index = Math.min(this.core.commitIndex, this.log.durable);
      if (index <= this.checkpoint.index) return;
      this.checkpoint = { index, term: this.log.termOf(index), membership: this.#membershipAt(index) };
      const through = index - keep;
      if (through >= this.log.firstIndex) this.log.truncateThrough(through);
    });
  }

  install(checkpoint: LogPosition): void {
    this.#whenAwake(() => {
      if (!supersedesLog(checkpoint, this.log, this.core.commitIndex)) return;
      this.#stop();
      this.hardState = this.#hardStatesPending.at(-1) ?? this.hardState;
      this.#hardStatesPending = [];
      this.checkpoint = checkpoint;
      this.log.restartAt(checkpoint);
      this.core = this.#createCore();
      this.#world.properties.started(this);
      this.#carryOut();
    });
  }

  #createCore(): RaftCore {
    this.knownCommit = this.checkpoint.index;
    return new RaftCore({
      id: this.id,
      hardState: this.hardState,
      membership: this.#membershipAt(this.log.lastIndex),
      log: this.log,
      commitIndex: this.checkpoint.index,
      timing: this.#world.timing,
      flow: this.#world.flow,
      random: this.#world.random,
      nowMs: this.localMs,
    });
  }

  #stop(): void {
    this.#life++;
    this.#syncing = false;
    this.#ledTerm = 0;
  }

  #whenAwake(run: () => void): void {
    const life = this.#life;
    if (!this.up) return;
    if (this.#paused === null) run();
    else this.#paused.push(() => this.up && this.#life === life && run());
  }

  /** Runs later, but in this life only. */
  #later(ms: number, run: () => void): void {
    const life = this.#life;
    this.#world.time.after(ms, () => this.#life === life && this.#whenAwake(run));
  }

  #membershipAt(index: number): Membership {
    for (let at = index; at > this.checkpoint.index && at >= this.log.firstIndex; at--) {
      const { membership } = this.log.at(at);
      if (membership !== null) return membership;
    }
    if (this.checkpoint.membership === null) throw new Error('a checkpoint without a membership');
    return this.checkpoint.membership;
  }

  #appendOwn(membership: Membership | null): void {
    const bytes = 10 + Math.floor(this.#world.random() * 90);
    this.#store({ term: this.core.term, value: this.#world.nextValue(), membership, bytes });
  }

  #store(entry: SimulatedEntry): void {
    this.log.append(entry);
    this.#world.properties.stored(this, this.log.lastIndex, entry);
  }

  /** After every call: a new leader's no-op, then the effects, in their order. */
  #carryOut(received: readonly SimulatedEntry[] = []): void {
    if (this.core.role === 'leader' && this.#ledTerm !== this.core.term) {
      this.#ledTerm = this.core.term;
      this.#world.properties.led(this);
      this.#appendOwn(null);
      this.core.appended(this.localMs, true);
    }
    const effects = this.core.takeEffects();
    if (effects.hardState !== null) this.#writeHardState(effects.hardState);
    this.#writeLog(effects, received);
    for (const message of effects.messages) this.#send(message);
    this.#noteCommits();
    for (const { id, index } of effects.reads) this.#world.properties.readAnswered(this, id, index);
    if (effects.checkpointNeeded !== null) this.#world.checkpointNeeded(this, effects.checkpointNeeded.firstIndex);
    this.#sync();
    this.#arm();
  }

  #writeHardState(hardState: HardState): void {
    this.#hardStatesPending.push(hardState);
    this.#later(this.#world.diskMs(), () => {
      const at = this.#hardStatesPending.indexOf(hardState);
      if (at < 0) return;
      this.#hardStatesPending.splice(0, at + 1);
      this.hardState = hardState;
      if (this.#hardStatesPending.length > 0) return;
      this.core.hardStateDurable(this.localMs);
      this.#carryOut();
    });
  }

  #writeLog({ truncateAbove, append }: Effects, received: readonly SimulatedEntry[]): void {
    if (append === null) return;
    const { request, from } = append;
    if (truncateAbove !== null) {
      this.#world.properties.truncated(this, truncateAbove);
      this.log.truncateAbove(truncateAbove);
    }
    if (from !== this.log.lastIndex + 1) throw new Error(`replica ${this.id} is to store entry ${from} out of order`);
    const news = received.slice(from - request.previousIndex - 1);
    for (const entry of news) this.#store(entry);
    if (truncateAbove !== null || news.some(({ membership }) => membership !== null)) {
      this.core.membershipReplaced(this.#membershipAt(this.log.lastIndex));
    }
  }

  #send(message: RaftMessage): void {
    this.#world.properties.sent(this, message);
    const entries: SimulatedEntry[] = [];
    if (message.type === 'append-request') {
      for (let index = message.previousIndex + 1; index <= message.lastIndex; index++) entries.push(this.log.at(index));
    }
    this.#world.send(message, entries);
  }

  #noteCommits(): void {
    const { committed } = this.#world;
    while (this.knownCommit < this.core.commitIndex) {
      const index = ++this.knownCommit;
      const entry = this.log.at(index);
      const first = index === committed.length;
      if (first) committed.push(entry);
      this.#world.properties.committed(this, index, entry, first);
    }
  }

  #sync(): void {
    if (this.#syncing || !this.log.unsynced) return;
    this.#syncing = true;
    const end = this.log.beginSync();
    this.#later(this.#world.diskMs(), () => {
      this.#syncing = false;
      this.core.logDurable(end(), this.localMs);
      this.#carryOut();
    });
  }

  #arm(): void {
    const timer = ++this.#timer;
    const ms = Math.max(1, (this.core.deadlineMs - this.localMs) / this.#clockRate);
    this.#later(ms, () => {
      if (timer !== this.#timer) return;
      this.core.tick(this.localMs);
      this.#carryOut();
    });
  }
}
