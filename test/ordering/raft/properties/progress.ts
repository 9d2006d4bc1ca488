import type { SimulatedCluster } from '../simulated-cluster.js';

const PATIENCE_MS = 8_000;
/** Pauses, transfers and checkpoints under way end within this time. */
const SETTLING_MS = 500;
const QUIET_MS = 700;
const STEP_MS = 20;

/** Once faults stop: new entries are committed on every member, every member answers reads, and the leader stays. */
export function checkProgress(cluster: SimulatedCluster): void {
  const goal = cluster.committed.length + 3;
  within(cluster, 'no progress', () => {
    const { leader } = cluster;
    leader?.propose(1);
    return leader !== null && cluster.members(leader).every(({ core }) => core.commitIndex >= goal);
  });
  checkReads(cluster);
  checkLeaderStays(cluster);
  checkReturningFollower(cluster);
  checkDeafLeader(cluster);
}

function checkReads(cluster: SimulatedCluster): void {
  for (const { id } of cluster.leader === null ? [] : cluster.members(cluster.leader)) {
    const before = cluster.reads.answered;
    within(cluster, `replica ${id} answers no reads`, () => {
      const answered = cluster.reads.answered > before;
      // -1 is an answer while a leader is looked for.
      if (!answered) cluster.replica(id).read(cluster.nextValue());
      return answered;
    });
  }
}

/** Those who were removed, or never joined, depose nobody. */
function checkLeaderStays(cluster: SimulatedCluster): void {
  // A transfer's last word may come late, and is to be obeyed: that is no peace.
  cluster.network.dropUnderWay();
  cluster.time.runUntil(cluster.time.now + SETTLING_MS);
  // Nor while a leader works off what there is before its own removal.
  within(cluster, 'nothing settles', () => {
    const { leader } = cluster;
    return (
      leader?.core.commitIndex === leader?.log.lastIndex && leader?.core.membership.voters.includes(leader.id) === true
    );
  });
  const term = cluster.leader?.core.term;
  cluster.time.runUntil(cluster.time.now + QUIET_MS);
  if (term !== undefined && cluster.leader?.core.term === term) return;
  throw new Error(`the leader of term ${term ?? 0} was deposed in peace: ${cluster.describe()}`);
}

/** One that was cut off comes back without a new election (pre-vote). */
function checkReturningFollower(cluster: SimulatedCluster): void {
  const { leader } = cluster;
  const follower = leader?.core.followers.at(-1)?.id;
  if (leader === null || follower === undefined) return;
  const { term } = leader.core;
  for (const { id } of cluster.replicas) {
    cluster.network.cut(follower, id);
    cluster.network.cut(id, follower);
  }
  cluster.time.runUntil(cluster.time.now + SETTLING_MS);
  cluster.network.heal();
  cluster.time.runUntil(cluster.time.now + SETTLING_MS);
  // Of two voters, one alone does not go on leading.
  if (leader.core.membership.voters.length === 2 || leader.core.term === term) return;
  throw new Error(`the leader of term ${term} was deposed by replica ${follower}'s return: ${cluster.describe()}`);
}

/** A leader that hears nobody makes way, though all hear it (check-quorum). */
function checkDeafLeader(cluster: SimulatedCluster): void {
  const deaf = cluster.leader;
  if (deaf === null || deaf.core.membership.voters.length < 3) return;
  for (const { id } of cluster.replicas) cluster.network.cut(id, deaf.id);
  const before = cluster.committed.length;
  within(cluster, `replica ${deaf.id} hears nobody and leads on`, () => {
    if (cluster.leader !== deaf) cluster.leader?.propose(1);
    return cluster.committed.length > before;
  });
}

function within(cluster: SimulatedCluster, problem: string, done: () => boolean): void {
  const deadline = cluster.time.now + PATIENCE_MS;
  while (!done()) {
    if (cluster.time.now > deadline) throw new Error(`${problem} within ${PATIENCE_MS} ms: ${cluster.describe()}`);
    cluster.time.runUntil(cluster.time.now + STEP_MS);
  }
}
