import type { SimulatedCluster } from '../simulated-cluster.js';

const PATIENCE_MS = 8_000;
const QUIET_MS = 700;

/** Once faults stop: new entries are committed on every member, each replica's reads are answered, the leader stays. */
export function checkProgress(cluster: SimulatedCluster): void {
  const goal = cluster.committed.length + 3;
  let round = 0;
  const deadline = cluster.time.now + PATIENCE_MS;
  for (;;) {
    const { leader } = cluster;
    leader?.propose(1);
    if (
      leader !== null &&
      leader.core.commitIndex >= goal &&
      cluster.members(leader).every((member) => member.core.commitIndex >= goal)
    )
      break;
    if (cluster.time.now > deadline) throw new Error(`no progress within ${PATIENCE_MS} ms: ${cluster.describe()}`);
    cluster.time.runUntil(cluster.time.now + 20);
    round++;
  }
  checkReads(cluster);
  checkLeaderStays(cluster, round);
}

function checkReads(cluster: SimulatedCluster): void {
  const { leader } = cluster;
  if (leader === null) return;
  for (const member of cluster.members(leader)) {
    const before = cluster.reads.answered;
    member.read(cluster.nextValue());
    if (cluster.time.runUntil(cluster.time.now + 1000, () => cluster.reads.answered > before)) continue;
    throw new Error(`replica ${member.id} answers no reads: ${cluster.describe()}`);
  }
}

/** Those who were removed, or wait for nothing, depose nobody. */
function checkLeaderStays(cluster: SimulatedCluster, round: number): void {
  const term = cluster.leader?.core.term;
  cluster.time.runUntil(cluster.time.now + QUIET_MS);
  if (cluster.leader?.core.term === term) return;
  throw new Error(`the leader of term ${term ?? 0} was deposed in peace, after ${round} rounds: ${cluster.describe()}`);
}
