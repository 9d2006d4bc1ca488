import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { resolveEngineOptions } from '../../src/replica/engine-options.js';
import { KnownReplicas } from '../../src/replica/known-replicas.js';
import { ReplicaMemory } from '../../src/replica/replica-memory.js';
import { SECRET } from './admin/fake-cluster.js';

it('the others are found while the file of the authority is being replaced', () => {
  const directory = mkdtempSync(join(tmpdir(), 'psmr-known-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const file = (name: string): string => join(directory, name);
  for (const name of ['cert.pem', 'key.pem', 'ca.pem']) writeFileSync(file(name), name);
  const replicas = [1, 2].map((id) => ({
    http: { port: 21_000 + id },
    id,
    hosts: ['127.0.0.1'],
    port: 20_000 + 100 * id,
    peerPort: 20_050 + 100 * id,
  }));
  const tls = { certFile: file('cert.pem'), keyFile: file('key.pem'), caFile: file('ca.pem') };
  const { replica } = resolveEngineOptions({
    ...{ service: './service.js', streams: 2, dataDir: directory },
    ...{ replicaId: 1, cluster: { name: 'shop', secret: SECRET, tls, replicas } },
  });
  if (replica === null) throw new Error('it is one');
  expect(replica.tls?.ca).toBe('ca.pem');
  const known = new KnownReplicas(replica, ReplicaMemory.open(directory, { cluster: 'shop', replica: 1 }));
  rmSync(file('ca.pem'));
  expect(known.https().map(({ replica: id }) => id)).toEqual([2]);
});
