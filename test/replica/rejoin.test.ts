import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { describeCluster } from '../../src/config/cluster.js';
import { KnownReplicas } from '../../src/replica/known-replicas.js';
import { leaveAllGroups } from '../../src/replica/rejoin.js';
import { ReplicaMemory } from '../../src/replica/replica-memory.js';
import type { ReplicaSettings } from '../../src/replica/replica-settings.js';
import { FakeCluster, SECRET } from './admin/fake-cluster.js';

it.each([
  ['it is in a group', { voters: [1, 2, 3], formed: [1, 2, 3], rejoins: true }],
  ['an attempt whose directory is gone had it removed already', { voters: [1, 2], formed: [1, 2, 3], rejoins: true }],
  ['it is new: it waits for psmr member add', { voters: [1, 2], formed: [1, 2], rejoins: false }],
])('a replica that is rebuilt is to be added again, unless it never took part: %s', async (_, given) => {
  const cluster = await FakeCluster.start([1, 2]);
  for (const group of cluster.groups) group.voters = [...given.voters];
  const replicas = [1, 2, 3].map((id) => ({
    ...{ id, hosts: ['127.0.0.1'], port: 20_000 + 100 * id, peerPort: 20_050 + 100 * id },
    http: { host: '127.0.0.1', port: Number(new URL(cluster.urlOf(id) || 'http://127.0.0.1:1').port) },
  }));
  const config = { name: 'shop', secret: SECRET, replicas } as Parameters<typeof describeCluster>[0];
  const described = describeCluster(config, ['1', '2'], null);
  const [own, ownConfig] = [described.replicas[2], config.replicas[2]];
  if (own === undefined || ownConfig === undefined) throw new Error('there are three');
  const settings: ReplicaSettings = { cluster: described, secret: SECRET, own, ownConfig, rebuild: true, tls: null };
  const directory = mkdtempSync(join(tmpdir(), 'psmr-rejoin-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const memory = ReplicaMemory.open(directory, { cluster: 'shop', replica: 3 });
  const formed = Object.fromEntries(given.formed.map((id) => [String(id), `incarnation of ${id}`]));
  await leaveAllGroups(settings, memory, new KnownReplicas(settings, memory), formed, new AbortController().signal);
  expect(cluster.groups.map(({ voters }) => voters)).toEqual([0, 1, 2].map(() => [1, 2]));
  expect(memory.rejoining).toBe(given.rejoins);
});
