import { expect, it } from 'vitest';
import type { ReplicaView } from '../../../src/replica/admin/cluster-client.js';
import { RemovalWatch } from '../../../src/replica/admin/removal-watch.js';
import { FakeCluster } from './fake-cluster.js';

class Watched {
  readonly told: string[] = [];
  isLeft = true;
  asked = 0;
  views: readonly ReplicaView[] = [];
  readonly watch = new RemovalWatch({
    replica: 1,
    isLeft: () => this.isLeft,
    ask: async () => {
      this.asked++;
      return this.views;
    },
    tell: (sentence) => this.told.push(sentence),
  });
}

async function viewsWithVoters(...voters: number[]): Promise<ReplicaView[]> {
  const cluster = await FakeCluster.start([2, 3]);
  for (const group of cluster.groups) group.voters = voters;
  return [...cluster.replicas.values()].map((replica) => {
    return { id: replica.id, url: replica.url, status: replica.status(), problem: null };
  });
}

it('a replica that no leader counts says once that it was removed, and what to do', async () => {
  const watched = new Watched();
  watched.views = await viewsWithVoters(2, 3);
  await watched.watch.look(0);
  await watched.watch.look(2999);
  expect([watched.asked, watched.watch.reason]).toEqual([0, null]);
  for (const ms of [3000, 3250, 9000]) await watched.watch.look(ms);
  expect(watched.asked).toBe(2);
  expect(watched.told).toEqual([
    expect.stringMatching(/^Replica 1 was removed .* stop it, .* add it again, .* --rebuild .* psmr member add 1$/),
  ]);
  expect(watched.watch.reason).toContain('it was removed from every group: stop it');
});

it('it is a member again when it hears a leader', async () => {
  const watched = new Watched();
  watched.views = await viewsWithVoters(2, 3);
  await watched.watch.look(0);
  await watched.watch.look(3000);
  watched.isLeft = false;
  await watched.watch.look(3250);
  expect(watched.watch.reason).toBeNull();
});

it('one that hears no leader and is counted, or whose others do not answer, was not removed', async () => {
  const watched = new Watched();
  await watched.watch.look(0);
  await watched.watch.look(3000);
  watched.views = await viewsWithVoters(1, 2, 3);
  await watched.watch.look(9000);
  expect({ asked: watched.asked, told: watched.told, reason: watched.watch.reason }).toEqual({
    ...{ asked: 2, told: [], reason: null },
  });
});
