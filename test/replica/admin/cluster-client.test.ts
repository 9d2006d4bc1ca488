import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ClusterClient } from '../../../src/replica/admin/cluster-client.js';
import { jsonAnswer, openHttpEndpoint } from '../../../src/replica/http-endpoint.js';
import { FakeCluster, type FakeReplica, SECRET } from './fake-cluster.js';

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);

describe("the operator's client", () => {
  const client = (cluster: FakeCluster, ids = [...cluster.replicas.keys()]): ClusterClient =>
    new ClusterClient({ urls: ids.map((id) => cluster.urlOf(id)), secret: SECRET, pauseMs: 1, answerMs: 2000 });

  it('learns of all replicas from one, and sees who does not answer', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    await cluster.replicas.get(3)?.close();
    const views = await client(cluster, [1]).views();
    expect(views.map(({ id, status, problem }) => [id, status?.replica, problem?.code])).toEqual([
      [1, 1, undefined],
      [2, 2, undefined],
      [3, undefined, 'UNREACHABLE'],
    ]);
    await cluster.replicas.get(1)?.close();
    expect(await failure(client(cluster, [1]).views())).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('takes a checkpoint wherever group 0 is led', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    cluster.group(0).leader = 3;
    expect(await client(cluster, [2]).checkpoint()).toMatchObject({ manifest: { id: 77 }, absent: [] });
  });

  it('waits for a checkpoint no longer than it may, and says that it may yet be made', async () => {
    const cluster = await FakeCluster.start([1, 2]);
    cluster.writing = new Promise(() => undefined);
    const hasty = new ClusterClient({ urls: [cluster.urlOf(1)], secret: SECRET, pauseMs: 1, changeMs: 1000 });
    const start = performance.now();
    expect(await failure(hasty.checkpoint())).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(
        /After 1000 ms .* replica 1 .* goes on, and may yet be made: psmr status/,
      ) as string,
    });
    expect(performance.now() - start).toBeLessThan(10_000);
    expect(cluster.done).toEqual(['checkpoint']);
  });

  it('says which replicas are absent from a checkpoint, those that do not take part yet among them', async () => {
    const cluster = await FakeCluster.start([1, 2, 3, 4]);
    cluster.replica(2).isJoining = true;
    await cluster.replica(3).close();
    const { absent } = await client(cluster, [1]).checkpoint();
    expect(absent.map(({ id }) => id)).toEqual([2, 3]);
  });

  it('does not know what became of a checkpoint where whoever was asked is gone', async () => {
    const cluster = await FakeCluster.start([1, 2]);
    cluster.writing = new Promise(() => undefined);
    const urls = [cluster.urlOf(2)];
    const asking = new ClusterClient({ urls, secret: SECRET, pauseMs: 1, changeMs: 1500 }).checkpoint();
    const failed = failure(asking);
    await expect.poll(() => cluster.done).toEqual(['checkpoint']);
    await cluster.replica(1).close();
    expect(await failed).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(
        /^Replica 1 was asked .* answers no more\. It may yet be made: psmr status/,
      ) as string,
    });
  });

  it('says that nobody was asked for a checkpoint where its time is over before', async () => {
    const cluster = await FakeCluster.start([1]);
    const slow = await openHttpEndpoint({
      ...{ host: '127.0.0.1', port: 0 },
      routes: [
        {
          ...{ method: 'GET' as const, path: '/status' },
          handle: () => pause(60).then(() => jsonAnswer(cluster.replica(1).status())),
        },
      ],
    });
    onTestFinished(() => slow.close());
    const urls = [`http://127.0.0.1:${slow.address.port}`];
    const hasty = new ClusterClient({ urls, secret: SECRET, pauseMs: 1, changeMs: 20 });
    expect(await failure(hasty.checkpoint())).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('waits for a checkpoint no longer than its signal', async () => {
    const cluster = await FakeCluster.start([1]);
    cluster.writing = new Promise(() => undefined);
    const over = new AbortController();
    const urls = [cluster.urlOf(1)];
    const failed = failure(new ClusterClient({ urls, secret: SECRET, signal: over.signal }).checkpoint());
    await expect.poll(() => cluster.done).toEqual(['checkpoint']);
    const reason = new Error('over');
    over.abort(reason);
    expect(await failed).toBe(reason);
  });

  it('looks for who is to take a checkpoint no longer than it may, though a replica may take longer to answer', async () => {
    const silent = createServer();
    onTestFinished(() => silent.close().closeAllConnections());
    await once(silent.listen(0, '127.0.0.1'), 'listening');
    const { port } = silent.address() as AddressInfo;
    const urls = [`http://127.0.0.1:${port}`];
    const hasty = new ClusterClient({ urls, secret: SECRET, pauseMs: 1, changeMs: 50, answerMs: 60_000 });
    expect(await failure(hasty.checkpoint())).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('no answer for') as string,
    });
  });

  it('adds a replica to each group by its leader, after all know its address', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    await cluster.add(4);
    const replica = { id: 4, hosts: ['127.0.0.1'] };
    await client(cluster, [2]).addMember(replica);
    expect(cluster.done).toEqual(['add 4 to 0', 'add 4 to 1', 'add 4 to 2']);
    for (const { learned } of cluster.replicas.values()) expect(learned).toEqual([replica]);
  });

  it('removes a replica after it has moved away what that leads', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    await client(cluster).removeMember(1);
    expect(cluster.done).toEqual(['move 0 to 2', 'remove 1 from 0', 'remove 1 from 1', 'remove 1 from 2']);
    expect(cluster.groups.map(({ voters }) => voters)).toEqual([
      [2, 3],
      [2, 3],
      [2, 3],
    ]);
  });

  it('has an added replica known by those, too, that do not take part yet', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    const late = cluster.replica(3);
    late.isJoining = true;
    const said: string[] = [];
    const progress = (line: string): void => {
      said.push(line);
      late.isJoining = false;
    };
    const urls = [cluster.urlOf(1)];
    const replica = { id: 4, hosts: ['127.0.0.1'] };
    await new ClusterClient({ urls, secret: SECRET, pauseMs: 1, progress }).addMember(replica);
    expect(said[0]).toBe('replica 3 does not take part yet: it is waited for');
    expect([...cluster.replicas.values()].map(({ learned }) => learned)).toEqual([[replica], [replica], [replica]]);
    late.isJoining = true;
    const hasty = new ClusterClient({ urls, secret: SECRET, pauseMs: 1, changeMs: 30 });
    expect(await failure(hasty.addMember({ ...replica, id: 5 }))).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining(`${late.url}: The replica does not take part yet`) as string,
    });
    expect(cluster.done.filter((what) => what.startsWith('add 5'))).toEqual([]);
  });

  it.each([
    ['answers', (away: FakeReplica) => away.close()],
    ['takes part', (away: FakeReplica) => void (away.isJoining = true)],
  ])('moves what a replica leads that is removed to one that %s', async (_, leave) => {
    const cluster = await FakeCluster.start([1, 2, 3, 4]);
    cluster.group(1).leader = 4;
    await leave(cluster.replica(2));
    await client(cluster, [1, 3]).removeMember(1);
    expect(cluster.done[0]).toBe('move 0 to 3');
  });

  it('does not wait for one that is behind before it removes a leader: the group goes there later', async () => {
    const cluster = await FakeCluster.start([1, 2, 3, 4]);
    cluster.group(1).leader = 4;
    cluster.unfit = 2;
    await client(cluster, [1, 3]).removeMember(1);
    expect(cluster.done.filter((what) => what.startsWith('move 0'))).toEqual([]);
    expect(cluster.done).toContain('remove 1 from 0');
  });

  it('does not take a change of no group for done, where only those answer that do not take part yet', async () => {
    const cluster = await FakeCluster.start([1]);
    cluster.groups.length = 0;
    expect(await failure(client(cluster).removeMember(2))).toMatchObject({ code: 'UNREACHABLE' });
  });

  it('says why, when a leader cannot be moved yet', async () => {
    const cluster = await FakeCluster.start([1, 2]);
    cluster.slowness = 1e9;
    cluster.unfit = 2;
    const hasty = new ClusterClient({ urls: [cluster.urlOf(1)], secret: SECRET, pauseMs: 1, changeMs: 30 });
    expect(await failure(hasty.moveLeader(0, 2))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(
        /still\. Replica 2 takes no group yet: it executes what it has missed, .* It goes on/,
      ) as string,
    });
  });

  it('says that a change goes on, when it takes too long', async () => {
    const cluster = await FakeCluster.start([1]);
    cluster.slowness = 1e9;
    const hasty = new ClusterClient({ urls: [cluster.urlOf(1)], secret: SECRET, pauseMs: 1, changeMs: 30 });
    expect(await failure(hasty.moveLeader(1, 2))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringMatching(/group 1 moves to replica 2 still. It goes on/) as string,
    });
    const start = 'Replica 4 does not answer: start it with psmr replica --config FILE --id 4 --rebuild. It goes on';
    const replica = { id: 4, hosts: ['127.0.0.1'] };
    expect(await failure(hasty.addMember(replica))).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      message: expect.stringContaining(start) as string,
    });
    await cluster.add(4);
    expect(await failure(hasty.addMember(replica))).toMatchObject({
      message: expect.stringMatching(/group 0 adds replica 4 still. It goes on/) as string,
    });
  });

  it('says nothing of a change that is refused', async () => {
    const cluster = await FakeCluster.start([1]);
    const said: string[] = [];
    const progress = (line: string): void => void said.push(line);
    const telling = new ClusterClient({ urls: [cluster.urlOf(1)], secret: 'not the secret', progress });
    expect(await failure(telling.moveLeader(0, 9))).toMatchObject({ code: 'UNAUTHORIZED' });
    expect(said).toEqual([]);
  });

  it('moves the leader of no group that is not there', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    expect(await failure(client(cluster).moveLeader(3, 1))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: 'There is no group 3: groups are 0 to 2.',
    });
  });

  it('gives up where nobody leads', async () => {
    const cluster = await FakeCluster.start([1]);
    cluster.group(0).leader = 0;
    const hasty = new ClusterClient({ urls: [cluster.urlOf(1)], secret: SECRET, pauseMs: 1, changeMs: 30 });
    expect(await failure(hasty.checkpoint())).toMatchObject({
      message: expect.stringContaining('Nobody leads') as string,
    });
  });
});
