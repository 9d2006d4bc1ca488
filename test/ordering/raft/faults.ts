import type { Membership } from '../../../src/ordering/group-log.js';
import type { SimulatedCluster } from './simulated-cluster.js';
import { FAIR } from './simulated-network.js';
import type { SimulatedReplica } from './simulated-replica.js';

type Strike = () => void;

/**
 * Brings a cluster bad days: one fault after another until `heal`. Each cluster gets its own few kinds of faults, at its
 * own pace: what all kinds together would hide shows where only some of them happen.
 */
export class Faults {
  readonly #cluster: SimulatedCluster;
  readonly #leases: boolean;
  readonly #random: () => number;
  readonly #strikes: readonly Strike[];
  /** How often a leader that does not know yet that it was replaced is cut off at that moment. */
  readonly #usurpation: number;
  /** How often a new leader reaches nobody, and how often one that has just committed something. */
  readonly #loneliness: number;
  readonly #hubris: number;
  #over = false;

  constructor(cluster: SimulatedCluster, leases: boolean) {
    this.#cluster = cluster;
    this.#leases = leases;
    this.#random = cluster.random;
    this.#strikes = this.#kinds().filter(() => this.#random() < 0.5);
    this.#usurpation = this.#random() < 0.5 ? 0.7 : 0;
    this.#loneliness = this.#random() < 0.4 ? 0.4 : 0;
    this.#hubris = this.#random() < 0.4 ? 0.1 : 0;
    this.#again(60 + this.#random() * 300, () => this.#strike());
    this.#again(300, () => this.#healLinks());
    this.#again(4 + this.#random() * 40, () => this.#propose());
    this.#again(40, () => this.#any().read(cluster.nextValue()));
    this.#again(4, () => this.#readOfLeaders());
    this.#again(150, () => this.#any().takeCheckpoint(this.#below(12)));
    cluster.onLed = (leader) => this.#greet(leader);
    cluster.onDelivered = ({ type, from: sender }) => {
      // One that hands over its leadership does not hear what comes of it.
      if (type !== 'timeout-now' || this.#over || this.#random() >= this.#usurpation) return;
      this.#cutWhere((_from, to) => to === sender);
    };
    cluster.onFirstCommitted = (leader) => {
      if (!this.#over && this.#random() < this.#hubris) this.#isolate(leader);
    };
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

  #readOfLeaders(): void {
    for (const replica of this.#cluster.replicas) if (replica.leads) replica.read(this.#cluster.nextValue());
  }

  #greet(leader: SimulatedReplica): void {
    if (this.#over) return;
    if (this.#random() < this.#usurpation) this.#usurp(leader);
    if (this.#random() < this.#loneliness) this.#cutWhere((from) => from === leader.id);
    // Before it is settled: to be refused.
    if (this.#random() < 0.3) this.#cluster.time.after(1, () => this.#changeMembership());
  }

  /** The old leaders go on alone for a while. */
  #usurp(by: SimulatedReplica): void {
    for (const replica of this.#cluster.replicas) {
      if (replica.leads && replica !== by) this.#cutWhere((from, to) => from === replica.id || to === replica.id);
    }
  }

  #propose(): void {
    // To everyone: those who think they lead, too.
    for (const replica of this.#cluster.replicas) if (replica.leads) replica.propose(1 + this.#below(4));
  }

  #strike(): void {
    this.#strikes[this.#below(this.#strikes.length)]?.();
    // A link that is up again is told of.
    if (this.#random() < 0.3) this.#cluster.leader?.probe(this.#any().id);
    // One that is down as well, whether its replica lives or not.
    if (this.#random() < 0.3) this.#any().losePeer(this.#any().id);
  }

  #kinds(): readonly Strike[] {
    return [
      () => this.#partition(),
      () => this.#cutOneWay(),
      () => this.#cutPair(),
      () => this.#isolate(this.#victim()),
      () => this.#changeWeather(),
      () => this.#changeWeather(),
      () => this.#crash(this.#victim()),
      () => this.#crash(this.#victim()),
      () => this.#crashAll(),
      () => this.#victim().pause(20 + this.#random() * 400),
      () => this.#jumpClock(this.#victim()),
      () => this.#cluster.leader?.transfer(this.#any().id),
      () => this.#changeMembership(),
      () => this.#changeMembership(),
      () => (this.#cluster.slowestDiskMs = this.#random() < 0.5 ? 4 : 120),
    ];
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
      ancient: this.#random() * 0.1,
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
    const far = this.#random() < 0.3 ? 3_600_000 : 500;
    // Leases count on followers' clocks not to run ahead, and on steps back to be seen.
    replica.jumpClock(this.#leases ? -600 - this.#random() * far : (this.#random() * 2 - 1) * far);
  }

  /** Often several at once, by every replica that thinks it leads: most are to be refused. */
  #changeMembership(): void {
    if (this.#cluster.replicas.length === 1) return;
    for (let count = 1 + this.#below(3); count > 0; count--) {
      for (const replica of this.#cluster.replicas) {
        if (replica.leads) replica.changeMembership(this.#nextMembership(replica.core.membership));
      }
    }
  }

  #nextMembership({ voters, learners }: Membership): Membership {
    if (this.#random() < 0.1) {
      const some = this.#cluster.replicas.filter(() => this.#random() < 0.5).map(({ id }) => id);
      return { voters: some, learners: [] };
    }
    const { id } = this.#any();
    const without = (ids: readonly number[]): number[] => ids.filter((other) => other !== id);
    if (voters.includes(id))
      return { voters: without(voters), learners: this.#random() < 0.5 ? learners : [...learners, id] };
    const joinsAtOnce = this.#random() < 0.3;
    if (learners.includes(id) || joinsAtOnce) return { voters: [...voters, id], learners: without(learners) };
    return { voters, learners: [...learners, id] };
  }
}
