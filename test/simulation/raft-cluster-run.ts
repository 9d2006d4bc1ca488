/** One seed, from the start of a cluster to its peaceful end. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { seededRandom } from '../seeded-random.js';
import { ClusterFaults } from './cluster-faults.js';
import { randomCommand } from './list-service.js';
import { RaftCluster } from './raft-cluster.js';

/** Once faults have ended, in virtual time. */
const PEACE_MS = 20_000;

export async function runCluster(seed: number): Promise<RaftCluster> {
  const random = seededRandom(seed);
  const streams = 1 + Math.floor(random() * 4);
  const leases = random() < 0.3;
  const cluster = new RaftCluster({
    map: createPartitionMap({ streams, partitioning: {} }),
    random,
    replicas: random() < 0.8 ? 3 : 5,
    clients: 1 + Math.floor(random() * 3),
    timing: { heartbeatMs: 25, electionMs: 100, leaseMs: leases ? 60 : 0 },
    flow: {
      appendBytesMax: random() < 0.5 ? 1 : 2048,
      inflightBytesMax: 8192,
      inflightAppendsMax: random() < 0.5 ? 1 : 4,
    },
  });
  const badDaysMs = 1000 + random() * 3000;
  const load = new Load(cluster, random, badDaysMs);
  const faults = new ClusterFaults(cluster, { jumps: !leases, burst: load.burst });
  await cluster.passUntil(badDaysMs);
  if (random() < 0.4) {
    faults.lastBlow();
    await cluster.passUntil(badDaysMs + random() * 150);
  }
  faults.end();
  const settled = await cluster.passUntil(
    cluster.time.now + PEACE_MS,
    () => cluster.history.allAnswered && cluster.drained && cluster.complete,
  );
  if (!settled)
    throw new Error(
      `no end after ${PEACE_MS} ms of peace, ${cluster.history.unanswered.length} unanswered:\n${cluster.describe()}`,
    );
  cluster.check();
  return cluster;
}

/** Commands in small batches, spread over the bad days and a little beyond; `burst` sends some of them at once. */
class Load {
  readonly #cluster: RaftCluster;
  readonly #random: () => number;
  readonly #keys: readonly string[];
  readonly #total: number;
  #sent = 0;

  constructor(cluster: RaftCluster, random: () => number, withinMs: number) {
    this.#cluster = cluster;
    this.#random = random;
    this.#keys = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, at) => `k${at}`);
    this.#total = 20 + Math.floor(random() * 80);
    for (let batch = 0; batch < this.#total / 3; batch++) {
      cluster.time.after(random() * withinMs * 1.05, () => this.#send(1 + Math.floor(random() * 5)));
    }
  }

  readonly burst = (): void => {
    for (let batch = 0; batch < 4; batch++) this.#send(2);
  };

  #send(size: number): void {
    const first = this.#sent;
    this.#sent = Math.min(this.#total, first + size);
    const batch = Array.from({ length: this.#sent - first }, (_, at) => {
      return [first + at, randomCommand(this.#random, this.#keys, first + at)] as const;
    });
    if (batch.length > 0) this.#cluster.send(Math.floor(this.#random() * this.#cluster.clients.length), batch);
  }
}
