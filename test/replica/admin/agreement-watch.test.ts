import { expect, it, onTestFinished } from 'vitest';
import { AgreementWatch } from '../../../src/replica/admin/agreement-watch.js';
import { Guard } from '../../../src/replica/admin/guarded-route.js';
import { ReplicaHttp } from '../../../src/replica/admin/replica-http.js';
import { RecentHashes, type Agreement } from '../../../src/replica/agreement.js';
import { openHttpEndpoint } from '../../../src/replica/http-endpoint.js';
import { checkpointRoutes } from '../../../src/replica/transfer/checkpoint-routes.js';
import { PinnedCheckpointStore } from '../../../src/replica/transfer/pinned-checkpoint-store.js';
import { MemoryCheckpointStore } from '../../../src/storage/memory-checkpoint-store.js';
import { SECRET } from './fake-cluster.js';

const manifest = (id: number, hash: string) => ({
  id,
  takenAtMs: 0,
  parts: [0, 1].map((part) => ({
    part,
    nextIndex: 1,
    position: { index: 0, term: 0, membership: null },
    timestampMs: 0,
    keys: 0,
    hash: part === 0 ? '-' : hash,
    chunks: 0,
    bytes: 0,
  })),
});

async function serving(
  replica: number,
  hashes: RecentHashes,
): Promise<{ replica: number; http: ReplicaHttp; close(): Promise<void> }> {
  const { routes } = checkpointRoutes({
    identity: { cluster: 'a', service: 'b', epoch: 1 },
    store: new PinnedCheckpointStore(new MemoryCheckpointStore()),
    hashes: () => hashes.report(),
    guard: new Guard(SECRET),
  });
  const http = await openHttpEndpoint({ host: '127.0.0.1', port: 0, routes });
  onTestFinished(() => http.close());
  const url = `http://127.0.0.1:${http.address.port}`;
  return { replica, http: new ReplicaHttp({ url, secret: SECRET, timeoutMs: 1000 }), close: () => http.close() };
}

it('a replica learns from the others that it differs, also from what one said before it went down', async () => {
  const hashes = [1, 2, 3].map((replica) => new RecentHashes(replica, [manifest(10, 'a')]));
  const [own, second, third] = hashes;
  if (own === undefined || second === undefined || third === undefined) throw new Error('three');
  const peers = [await serving(2, second), await serving(3, third)];
  const heard: Agreement[] = [];
  const watch = new AgreementWatch({
    replica: 1,
    hashes: own,
    members: () => [1, 2, 3],
    peers: () => peers,
    decided: (agreement) => heard.push(agreement),
  });
  onTestFinished(() => watch.close());
  await watch.compare();
  expect(heard.at(-1)).toMatchObject({ lastAgreed: 10, difference: null });
  own.add(manifest(20, 'x'));
  second.add(manifest(20, 'b'));
  await watch.compare();
  expect(heard.at(-1)).toMatchObject({ lastAgreed: 10, difference: null, disputed: { checkpoint: 20, stream: 1 } });
  await peers[0]?.close();
  third.add(manifest(20, 'b'));
  await watch.compare();
  expect(heard.at(-1)?.difference).toEqual({ checkpoint: 20, stream: 1, hash: 'x', majority: 'b', others: [2, 3] });
});
