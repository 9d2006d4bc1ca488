/**
 * Brings a cluster bad days: one fault after another until `end`. Each seed gets its own few kinds of faults at its own
 * pace: what all kinds together would hide shows where only some of them happen.
 */
import type { RaftGroupLog } from '../../src/ordering/raft/raft-group-log.js';
import type { RaftCluster } from './raft-cluster.js';

type Strike = () => void;

const FAIR = { delayMs: [0.1, 1] as const, loss: 0, duplication: 0, reordering: 0 };

export interface ClusterFaultsOptions {
  readonly leases: boolean;
  /** Clients send more than usual. */
  readonly burst: () => void;
  /** One client writes past a stream's old leader, another reads from that one. */
  readonly duel: (stream: number, oldLeader: number) => void;
}

export class ClusterFaults {
  readonly #cluster: RaftCluster;
  readonly #random: () => number;
  readonly #strikes: readonly Strike[];
  readonly #options: ClusterFaultsOptions;
  #over = false;

  constructor(cluster: RaftCluster, options: ClusterFaultsOptions) {
    this.#cluster = cluster;
    this.#random = cluster.random;
    this.#options = options;
    this.#strikes = this.#kinds().filter(() => this.#random() < 0.5);
    if (options.leases && this.#random() < 0.7) this.#again(200 + this.#random() * 400, () => this.#depose());
    if (this.#random() < 0.5) this.#crashAtSyncs(this.#random() * 0.005, this.#random() * 0.2);
    this.#again(50 + this.#random() * 300, () => this.#pick(this.#strikes)?.());
    const checkpointMs = 80 + this.#random() * 600;
    this.#again(checkpointMs, () => cluster.takeCheckpoint());
  }

  /** Just before the end: little comes after what is lost now. */
  lastBlow(): void {
    this.#isolate(0);
  }

  /** All is well from now on, but for clocks that stay wrong. */
  end(): void {
    this.#over = true;
    for (const network of this.#cluster.networks) {
      network.setFaults(FAIR);
      network.heal();
    }
    for (const machine of this.#cluster.machines) {
      machine.slowestSyncMs = 1;
      machine.syncing = () => undefined;
    }
    this.#cluster.calmDown();
    this.#bringBack();
  }

  #kinds(): Strike[] {
    const { networks, machines } = this.#cluster;
    return [
      () => this.#crash(this.#victim()),
      () => this.#crashMany(),
      () => this.#cluster.restart(this.#victim()),
      () => this.#partition(),
      () => this.#cut(this.#someGroups(), this.#anyone(), this.#anyone(), false),
      () => this.#cut(this.#someGroups(), this.#anyone(), this.#anyone(), true),
      () => this.#isolate(this.#random() < 0.5 ? 0 : this.#group()),
      () => this.#weather(),
      () => {
        const machine = machines[this.#anyone() - 1];
        if (machine !== undefined) machine.slowestSyncMs = this.#random() < 0.5 ? 2 : 1 + this.#random() * 80;
      },
      () => {
        const group = this.#group();
        const number = this.#cluster.leader(group) || this.#anyone();
        this.#cluster.running[number - 1]?.pause(group, this.#random() * 500);
      },
      () => this.#jumpClock(),
      () => this.#depose(),
      () => this.#transfer(),
      () => this.#changeMembers(this.#group()),
      () => networks[this.#group()]?.breakLink(this.#anyone(), this.#anyone()),
    ];
  }

  #again(meanMs: number, strike: Strike): void {
    this.#cluster.time.after(this.#random() * 2 * meanMs, () => {
      if (this.#over) return;
      strike();
      this.#again(meanMs, strike);
    });
  }

  #later(meanMs: number, act: () => void): void {
    this.#cluster.time.after(this.#random() * 2 * meanMs, act);
  }

  #crash(number: number): void {
    this.#cluster.crash(number);
    this.#later(this.#random() < 0.5 ? 30 : 600, () => this.#cluster.start(number));
  }

  /** The power fails while something is being written: what followed from it too early is known to others by then. */
  #crashAtSyncs(chance: number, chanceWhereSeldom: number): void {
    this.#cluster.machines.forEach((machine, at) => {
      machine.syncing = (path) => {
        if (this.#random() >= (/vote|checkpoint/.test(path) ? chanceWhereSeldom : chance)) return;
        this.#later(1, () => {
          if (!this.#over) this.#crash(at + 1);
        });
      };
    });
  }

  #crashMany(): void {
    const all = this.#random() < 0.5;
    for (let number = 1; number <= this.#cluster.running.length; number++)
      if (all || this.#random() < 0.6) this.#crash(number);
  }

  /** Two parts, everywhere or in some groups. */
  #partition(): void {
    const numbers = this.#cluster.running.map((_, at) => at + 1);
    const here = numbers.filter(() => this.#random() < 0.5);
    const there = numbers.filter((number) => !here.includes(number));
    for (const group of this.#someGroups()) {
      this.#cluster.networks[group]?.partition(here, there);
      this.#later(300, () => this.#cluster.networks[group]?.heal());
    }
  }

  /** One link; what both ends hear from a third stays. */
  #cut(groups: readonly number[], from: number, to: number, bothWays: boolean): void {
    if (from === to) return;
    for (const group of groups) {
      const network = this.#cluster.networks[group];
      network?.block(from, to);
      if (bothWays) network?.block(to, from);
      this.#later(300, () => {
        network?.unblock(from, to);
        network?.unblock(to, from);
      });
    }
  }

  /** A leader goes on alone for a while, and what it takes in is lost: group 0's above all. */
  #isolate(group: number): void {
    const number = this.#cluster.leader(group);
    const others = this.#cluster.running.map((_, at) => at + 1).filter((other) => other !== number);
    for (const other of number === 0 ? [] : others) this.#cut([group], number, other, true);
    if (this.#random() < 0.7) this.#options.burst();
  }

  /** A stream's leader is replaced and does not know it, and its clients still reach it. */
  #depose(): void {
    const group = 1 + Math.floor(this.#random() * (this.#cluster.networks.length - 1));
    const number = this.#cluster.leader(group);
    const network = this.#cluster.networks[group];
    if (number === 0 || network === undefined) return;
    const others = this.#cluster.running.map((_, at) => at + 1).filter((other) => other !== number);
    const duel = (): void => this.#options.duel(group, number);
    const way = this.#random();
    if (way < 0.2) {
      // It sleeps.
      this.#cluster.running[number - 1]?.pause(group, 100 + this.#random() * 400);
      duel();
    } else if (way < 0.5) {
      // It is cut off, and its connections end at once, as when a host between them forgets them.
      for (const other of others) {
        this.#cut([group], number, other, true);
        network.breakLink(number, other);
        network.breakLink(other, number);
      }
      duel();
    } else {
      // What it hears is old, and then nobody hears it.
      for (const other of others) network.setFaults({ ...FAIR, delayMs: [40, 70] }, other, number);
      this.#later(100, () => {
        for (const other of others) this.#cut([group], number, other, false);
        duel();
      });
      this.#cluster.time.after(500, () => {
        for (const other of others) network.setFaults(FAIR, other, number);
      });
    }
  }

  #weather(): void {
    const network = this.#cluster.networks[this.#group()];
    const bad = (chance: number): number => (this.#random() < 0.5 ? 0 : this.#random() * chance);
    const delayMs = [0.1, this.#random() < 0.5 ? 1 : 1 + this.#random() * 40] as const;
    network?.setFaults({ delayMs, loss: bad(0.3), duplication: bad(0.3), reordering: bad(0.5) });
    this.#later(400, () => network?.setFaults(FAIR));
  }

  #jumpClock(): void {
    const machine = this.#cluster.machines[this.#anyone() - 1];
    if (machine === undefined) return;
    machine.wallOffsetMs = (this.#random() - 0.5) * 2_000_000;
    // A lease counts on clocks that do not run ahead, and on steps back to be seen: farther than the longest pause.
    if (this.#options.leases) machine.timerOffsetMs -= 3000 + this.#random() * 3000;
    else machine.timerOffsetMs = (this.#random() - 0.5) * 5000;
  }

  #transfer(): void {
    const group = this.#group();
    this.#ask(() => this.#leaderLog(group)?.transferLeadership(this.#anyone(), 'wanted'));
  }

  /** A replica leaves a group, or stays as a learner, or comes back. */
  #changeMembers(group: number): void {
    const log = this.#leaderLog(group);
    if (log === undefined) return;
    const all = this.#cluster.machines.map(({ number }) => number);
    const { voters } = log.status.membership;
    const absent = all.filter((number) => !voters.includes(number));
    const one = this.#pick(absent.length > 0 ? absent : all) ?? 0;
    const learners = this.#random() < 0.5 ? [one] : [];
    const joins = absent.length > 0 && (this.#over || this.#random() < 0.7);
    const next = joins
      ? { voters: [...voters, one], learners: [] }
      : { voters: voters.filter((number) => number !== one), learners };
    this.#ask(() => {
      log.changeMembership(next);
      this.#cluster.counts.memberships++;
    });
  }

  /** Everybody votes everywhere in the end. */
  #bringBack(): void {
    this.#cluster.orders.forEach((_, group) => {
      const voters = this.#leaderLog(group)?.status.membership.voters ?? this.#cluster.machines;
      if (voters.length < this.#cluster.machines.length) this.#changeMembers(group);
    });
    this.#later(50, () => this.#bringBack());
  }

  #leaderLog(group: number): RaftGroupLog | undefined {
    return this.#cluster.running[this.#cluster.leader(group) - 1]?.logs[group];
  }

  /** What may be refused. */
  #ask(act: () => void): void {
    try {
      act();
    } catch (error) {
      const { code } = error as { code?: string };
      if (code !== 'NOT_LEADER' && code !== 'INVALID_ARGUMENT') throw error;
    }
  }

  /** Leaders are struck more often than chance would. */
  #victim(): number {
    return (this.#random() < 0.5 ? this.#cluster.leader(this.#group()) : 0) || this.#anyone();
  }

  #someGroups(): number[] {
    const groups = this.#cluster.networks.map((_, group) => group);
    return this.#random() < 0.5 ? groups : groups.filter(() => this.#random() < 0.5);
  }

  #group(): number {
    return Math.floor(this.#random() * this.#cluster.networks.length);
  }

  #anyone(): number {
    return 1 + Math.floor(this.#random() * this.#cluster.running.length);
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[Math.floor(this.#random() * list.length)];
  }
}
