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
  const leases = random() < 0.2;
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
  load(cluster, random, 20 + Math.floor(random() * 60), badDaysMs);
  const faults = new ClusterFaults(cluster, !leases);
  await cluster.passUntil(badDaysMs);
  faults.end();
  const settled = await cluster.passUntil(
    cluster.time.now + PEACE_MS,
    () => cluster.history.allAnswered && cluster.drained,
  );
  if (!settled)
    throw new Error(
      `no end after ${PEACE_MS} ms of peace, ${cluster.history.unanswered.length} unanswered:\n${cluster.describe()}`,
    );
  cluster.check();
  return cluster;
}

/** Commands in small batches, spread over the bad days and a little beyond. */
function load(cluster: RaftCluster, random: () => number, total: number, withinMs: number): void {
  const keys = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, at) => `k${at}`);
  let at = 0;
  while (at < total) {
    const first = at;
    const size = Math.min(total - first, 1 + Math.floor(random() * 5));
    at += size;
    cluster.time.after(random() * withinMs * 1.05, () => {
      const batch = Array.from({ length: size }, (_, one) => {
        return [first + one, randomCommand(random, keys, first + one)] as const;
      });
      cluster.send(Math.floor(random() * cluster.clients.length), batch);
    });
  }
}
