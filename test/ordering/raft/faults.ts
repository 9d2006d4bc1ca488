import type { Membership } from '../../../src/ordering/group-log.js';
import type { SimulatedCluster } from './simulated-cluster.js';
import { FAIR } from './simulated-network.js';
import type { SimulatedReplica } from './simulated-replica.js';

/** Brings a cluster bad days: one fault after another, drawn from its random numbers, until `heal`. */
export class Faults {
  readonly #cluster: SimulatedCluster;
  readonly #clocksJump: boolean;
  readonly #random: () => number;
  #over = false;

  constructor(cluster: SimulatedCluster, clocksJump: boolean) {
    this.#cluster = cluster;
    this.#clocksJump = clocksJump;
    this.#random = cluster.random;
    this.#again(400, () => this.#strike());
    this.#again(8, () => this.#propose());
    this.#again(30, () => this.#any().read(cluster.nextValue()));
    this.#again(150, () => this.#any().takeCheckpoint(this.#below(12)));
  }

  /** Faults end; so do the loads. */
  heal(): void {
    this.#over = true;
    this.#cluster.network.heal();
    this.#cluster.network.weather = FAIR;
    this.#cluster.slowestDiskMs = 4;
    for (const replica of this.#cluster.replicas) replica.restart();
  }

  #again(meanMs: number, run: () => void): void {
    this.#cluster.time.after(this.#random() * 2 * meanMs, () => {
      if (this.#over) return;
      run();
      this.#again(meanMs, run);
    });
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #any(): SimulatedReplica {
    return this.#cluster.replica(1 + this.#below(this.#cluster.replicas.length));
  }

  /** Leaders are struck more often than chance would. */
  #victim(): SimulatedReplica {
    return (this.#random() < 0.5 ? this.#cluster.leader : null) ?? this.#any();
  }

  #propose(): void {
    // To everyone: those who think they lead, too.
    for (const replica of this.#cluster.replicas) if (replica.leads) replica.propose(1 + this.#below(4));
  }

  #strike(): void {
    const strikes: (() => void)[] = [
      () => this.#partition(),
      () => this.#cutOneWay(),
      () => this.#cutPair(),
      () => this.#isolate(this.#victim()),
      () => this.#healLinks(),
      () => this.#changeWeather(),
      () => this.#crash(this.#victim()),
      () => this.#crash(this.#victim()),
      () => this.#crashAll(),
      () => this.#victim().pause(20 + this.#random() * 400),
      () => this.#jumpClock(this.#victim()),
      () => this.#cluster.leader?.transfer(this.#any().id),
      () => this.#cluster.leader?.transfer(this.#any().id),
      () => this.#changeMembership(),
      () => this.#changeMembership(),
      () => this.#changeMembership(),
      () => (this.#cluster.slowestDiskMs = this.#random() < 0.5 ? 4 : 120),
    ];
    strikes[this.#below(strikes.length)]?.();
    // A link that is up again is told of.
    if (this.#random() < 0.3) this.#cluster.leader?.probe(this.#any().id);
  }

  #healLinks(): void {
    this.#cluster.network.heal();
    this.#cluster.network.weather = FAIR;
  }

  #partition(): void {
    this.#cluster.network.heal();
    const side = this.#cluster.replicas.map(() => this.#random() < 0.5);
    this.#cutWhere((from, to) => side[from - 1] !== side[to - 1]);
  }

  #isolate({ id }: SimulatedReplica): void {
    const inward = this.#random() < 0.7;
    const outward = !inward || this.#random() < 0.7;
    this.#cutWhere((from, to) => (outward && from === id) || (inward && to === id));
  }

  #cutOneWay(): void {
    this.#cluster.network.cut(this.#any().id, this.#any().id);
  }

  /** Two do not hear each other; a third hears both. */
  #cutPair(): void {
    const [one, other] = [this.#victim().id, this.#any().id];
    this.#cluster.network.cut(one, other);
    this.#cluster.network.cut(other, one);
  }

  #cutWhere(cut: (from: number, to: number) => boolean): void {
    for (const from of this.#cluster.replicas) {
      for (const to of this.#cluster.replicas) if (cut(from.id, to.id)) this.#cluster.network.cut(from.id, to.id);
    }
  }

  #changeWeather(): void {
    this.#cluster.network.weather = {
      loss: this.#random() < 0.5 ? 0 : this.#random() * 0.3,
      duplication: this.#random() * 0.3,
      delayMinMs: this.#random() * 5,
      delayMaxMs: 5 + this.#random() ** 3 * 200,
      ancient: this.#random() * 0.05,
    };
  }

  #crash(replica: SimulatedReplica): void {
    replica.crash();
    this.#cluster.time.after(this.#random() ** 2 * 500, () => replica.restart());
  }

  #crashAll(): void {
    for (const replica of this.#cluster.replicas) this.#crash(replica);
  }

  #jumpClock(replica: SimulatedReplica): void {
    if (!this.#clocksJump) return;
    const far = this.#random() < 0.3 ? 3_600_000 : 500;
    replica.jumpClock((this.#random() * 2 - 1) * far);
  }

  #changeMembership(): void {
    const { leader } = this.#cluster;
    if (leader === null || this.#cluster.replicas.length === 1) return;
    leader.changeMembership(this.#nextMembership(leader.core.membership));
  }

  #nextMembership({ voters, learners }: Membership): Membership {
    const { id } = this.#any();
    const without = (ids: readonly number[]): number[] => ids.filter((other) => other !== id);
    if (voters.includes(id))
      return { voters: without(voters), learners: this.#random() < 0.5 ? learners : [...learners, id] };
    const joinsAtOnce = this.#random() < 0.3;
    if (learners.includes(id) || joinsAtOnce) return { voters: [...voters, id], learners: without(learners) };
    return { voters, learners: [...learners, id] };
  }
}
