import type { LogPosition } from '../../../src/ordering/group-log.js';
import type { RaftFlow, RaftMessage, RaftTiming, ReplicaId } from '../../../src/ordering/raft/raft-types.js';
import { seededRandom } from '../../seeded-random.js';
import { Durability } from './properties/durability.js';
import { ElectionSafety } from './properties/election-safety.js';
import { LeaderAppendOnly } from './properties/leader-append-only.js';
import { LeaderCompleteness } from './properties/leader-completeness.js';
import { LinearizableReads } from './properties/linearizable-reads.js';
import { LogMatching } from './properties/log-matching.js';
import { StateMachineSafety } from './properties/state-machine-safety.js';
import { Properties } from './property.js';
import type { SimulatedEntry } from './simulated-log.js';
import { SimulatedNetwork } from './simulated-network.js';
import { SimulatedReplica, type World } from './simulated-replica.js';
import { VirtualTime } from './virtual-time.js';

const STAND_IN: SimulatedEntry = { term: 0, value: 0, membership: null, bytes: 0 };

/** Replicas, of which the first few are the group's first voters, with their network; and the properties that watch. */
export class SimulatedCluster implements World {
  readonly time = new VirtualTime();
  readonly random: () => number;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
  readonly network: SimulatedNetwork;
  readonly committed: SimulatedEntry[] = [STAND_IN];
  readonly reads = new LinearizableReads(this.committed);
  readonly properties: Properties;
  readonly firstMembership;
  readonly replicas: SimulatedReplica[] = [];
  /** A sync or a write takes up to this long. */
  slowestDiskMs = 4;
  onLed: ((leader: SimulatedReplica) => void) | null = null;
  onFirstCommitted: ((by: SimulatedReplica) => void) | null = null;
  onDelivered: ((message: RaftMessage) => void) | null = null;
  #values = 0;

  constructor(seed: number, voters: number, replicas: number, leases: boolean) {
    this.random = seededRandom(seed);
    const electionMs = this.random() < 0.5 ? 150 : 60;
    const noticeMs = this.random() < 0.5 ? 0 : electionMs / 20;
    this.timing = { heartbeatMs: electionMs / 5, electionMs, leaseMs: leases ? electionMs * 0.94 : 0, noticeMs };
    this.flow = {
      appendBytesMax: 60 + Math.floor(this.random() * 400),
      inflightBytesMax: 100 + Math.floor(this.random() * 2000),
      inflightAppendsMax: 1 + Math.floor(this.random() * 8),
    };
    this.network = new SimulatedNetwork(this.time, this.random, (message, entries) => {
      this.onDelivered?.(message);
      this.replica(message.to).receive(message, entries);
    });
    this.firstMembership = { voters: numbers(voters), learners: [] };
    this.properties = new Properties([
      new ElectionSafety(),
      new LeaderAppendOnly(),
      new LogMatching(),
      new LeaderCompleteness(this.committed, () => this.replicas),
      new StateMachineSafety(this.committed),
      new Durability(() => this.replicas),
      this.reads,
      {
        led: (leader) => this.onLed?.(leader),
        committed: (by, _index, _entry, first) => {
          if (first) this.onFirstCommitted?.(by);
        },
      },
    ]);
    for (const id of numbers(replicas)) this.replicas.push(new SimulatedReplica(id, this));
  }

  replica(id: ReplicaId): SimulatedReplica {
    const replica = this.replicas[id - 1];
    if (replica === undefined) throw new Error(`no replica ${id}`);
    return replica;
  }

  /** Of the newest term, when several think they lead. */
  get leader(): SimulatedReplica | null {
    let newest: SimulatedReplica | null = null;
    for (const replica of this.replicas) {
      if (replica.leads && (newest === null || replica.core.term > newest.core.term)) newest = replica;
    }
    return newest;
  }

  members(leader: SimulatedReplica): readonly SimulatedReplica[] {
    const { voters, learners } = leader.core.membership;
    return [...voters, ...learners].map((id) => this.replica(id));
  }

  diskMs(): number {
    return 0.2 + this.random() ** 3 * this.slowestDiskMs;
  }

  nextValue(): number {
    return ++this.#values;
  }

  send(message: RaftMessage, entries: readonly SimulatedEntry[]): void {
    this.network.send(message, entries);
  }

  /** Fetches some replica's checkpoint: it comes late, and another than the one that was asked for may have come by then. */
  checkpointNeeded(by: SimulatedReplica, firstIndex: number): void {
    this.time.after(5 + this.random() * 60, () => {
      const offers: LogPosition[] = this.replicas.map(({ checkpoint }) => checkpoint);
      const fit = offers.filter(({ index }) => index >= firstIndex - 1);
      const chosen = fit[Math.floor(this.random() * fit.length)];
      if (chosen !== undefined) this.time.after(this.random() ** 3 * 1500, () => by.install(chosen));
    });
  }

  describe(): string {
    return this.replicas
      .map(({ id, up, core, log }) => {
        const state = up ? `${core.role} of term ${core.term}, follows ${core.leader}` : 'down';
        const members = `${core.membership.voters.join('')}+${core.membership.learners.join('')}`;
        return `${id}: ${state}, log ${log.firstIndex}-${log.lastIndex}, commit ${core.commitIndex}, ${members}`;
      })
      .join('; ');
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, at) => at + 1);
}
