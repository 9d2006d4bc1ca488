import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/client/call.js';
import { addClient, createCluster, STREAMS } from './cluster-client.js';
import { passTime } from './model-client.js';
import type { ModelCluster } from './model-cluster.js';
import type { SimulatedClock } from './simulated-clock.js';

const SEEDS = Array.from({ length: 20 }, (_, i) => i);
const GROUP = 1;
const ELECTION_MS = 250;
const END_MS = 1_000;

function codes(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code));
}

/** Numbers whose commands go to the group. */
function idsOf(group: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => (i + 1) * (STREAMS + 1) + group - 1);
}

function leaderOf(cluster: ModelCluster): number {
  return cluster.groups[GROUP]?.leader ?? 0;
}

/** When each of `count` commands, one after another, was answered. */
async function answersOf(clock: SimulatedClock, execute: (id: number) => Promise<unknown>): Promise<number[]> {
  const answered: number[] = [];
  void (async () => {
    for (const id of idsOf(GROUP, 1_000)) {
      await execute(id);
      answered.push(clock.now());
    }
  })().catch(() => undefined);
  await passTime(clock, END_MS);
  // What is not answered by now is a gap too.
  return [...answered, END_MS];
}

function longestGap(times: readonly number[]): number {
  return Math.max(...times.slice(1).map((time, i) => time - (times[i] ?? 0)));
}

describe('a client whose leader is lost', () => {
  it.each(SEEDS)('is with the successor within 80 ms of the election after kill -9 (seed %i)', async (seed) => {
    const { clock, cluster, client } = createCluster(seed);
    clock.after(300, () => cluster.kill(leaderOf(cluster), ELECTION_MS));
    const gap = longestGap(await answersOf(clock, (id) => client.execute('write', id)));
    expect(gap).toBeGreaterThan(ELECTION_MS - 50);
    expect(gap).toBeLessThan(ELECTION_MS + 80);
    client.close();
  });

  it.each(SEEDS)(
    'leaves one that hangs for its successor soon after the silence was long enough (seed %i)',
    async (seed) => {
      const { clock, cluster, client } = createCluster(seed, { limits: { silenceMs: 300 } });
      clock.after(300, () => cluster.hang(leaderOf(cluster), 100));
      const gap = longestGap(await answersOf(clock, (id) => client.execute('write', id)));
      expect(gap).toBeLessThan(300 + 80);
      client.close();
    },
  );

  it('stays with one that hangs where nobody else leads, and asks seldom', async () => {
    const { clock, cluster, client } = createCluster(1);
    const [first = 0, second = 0] = idsOf(GROUP, 2);
    const before = client.executeBatch([['write', first]]);
    await passTime(clock, 100);
    expect(codes(await before)).toEqual(['ok']);
    const leader = leaderOf(cluster);
    cluster.hang(leader, null);
    const during = client.executeBatch([['write', second]]);
    const dials = cluster.dials;
    await passTime(clock, 5_000);
    expect(client.outstanding).toBe(1);
    expect(cluster.dials - dials).toBeLessThan(250);
    cluster.revive(leader);
    await passTime(clock, 6_000);
    expect(codes(await during)).toEqual(['ok']);
    client.close();
  });

  it('follows one that steps down to the one that it names, at once', async () => {
    const { clock, cluster, client } = createCluster(2);
    clock.after(300, () => cluster.moveLeader(GROUP, 1 + (leaderOf(cluster) % 3), true));
    const gap = longestGap(await answersOf(clock, (id) => client.execute('write', id)));
    expect(gap).toBeLessThan(50);
    client.close();
  });
});

describe('a client that replicas mislead', () => {
  it.each<[name: string, says: (replica: number) => number]>([
    ['name each other in a ring', (replica) => 1 + (replica % 3)],
    ['all name one that does not lead', () => 3],
    ['all claim to lead', (replica) => replica],
    ['know no leader', () => 0],
    ['name one that does not exist', () => 9],
  ])('asks seldom where they %s, and finds the leader once they tell', async (_name, says) => {
    const { clock, cluster, client } = createCluster(3, { limits: { requestTimeoutMs: 20_000 } });
    const group = cluster.groups[GROUP];
    if (group === undefined) throw new Error('no group');
    group.leader = 0;
    cluster.says = says;
    const call = client.executeBatch([
      ['write', idsOf(GROUP, 1)[0]],
      ['read', idsOf(GROUP, 2)[1]],
    ]);
    await passTime(clock, 10_000);
    expect(cluster.dials).toBeLessThan(400);
    const frames = Object.values(cluster.arrived).reduce((sum, count) => sum + count, 0);
    expect(frames).toBeLessThan(100);
    cluster.says = null;
    group.elect(2);
    await passTime(clock, 11_000);
    expect(codes(await call)).toEqual(['ok', 'ok']);
    client.close();
  });

  it('is told NOT_LEADER, not that the outcome is unknown, where every replica refused', async () => {
    const { clock, cluster, client } = createCluster(4, { limits: { requestTimeoutMs: 2_000, framesInFlightMax: 4 } });
    for (const group of cluster.groups) group.leader = 0;
    cluster.says = (replica) => replica;
    const calls: Promise<Outcome[]>[] = [];
    // One frame each.
    for (const [at, id] of idsOf(GROUP, 4).entries())
      clock.after(1 + at / 10, () => calls.push(client.executeBatch([['write', id]])));
    await passTime(clock, 5_000);
    expect(codes((await Promise.all(calls)).flat())).toEqual(['NOT_LEADER', 'NOT_LEADER', 'NOT_LEADER', 'NOT_LEADER']);
    expect(client.outstanding).toBe(0);
    client.close();
  });
});

describe('reads from any replica', () => {
  it('are spread over all of them, and follow writes', async () => {
    const { clock, cluster, client } = createCluster(5, { reads: 'any' });
    const clients = [client, ...SEEDS.map(() => addClient(clock, cluster, { reads: 'any' }))];
    const [written = 0, read = 0] = idsOf(GROUP, 2);
    const write = client.execute('write', written);
    await passTime(clock, 200);
    await write;
    const before = cluster.arrived.map((count) => count);
    const reads = clients.map((one) => one.execute('read', read));
    await passTime(clock, 400);
    expect(await Promise.all(reads)).toEqual(reads.map(() => [read, 1]));
    for (const { id } of cluster.replicas) expect(cluster.arrived[id] ?? 0).toBeGreaterThan(before[id] ?? 0);
    for (const one of clients) one.close();
  });

  it('go on at another replica where theirs dies or hangs', async () => {
    for (const seed of SEEDS) {
      const { clock, cluster, client } = createCluster(seed, { reads: 'any' });
      const follower = 1 + (leaderOf(cluster) % 3);
      clock.after(300, () => (seed % 2 === 0 ? cluster.kill(follower, 100) : cluster.hang(follower, 100)));
      expect(longestGap(await answersOf(clock, (id) => client.execute('read', id)))).toBeLessThan(400);
      client.close();
    }
  });
});
