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

const noProblem = (problem: Error): never => expect.fail(problem.message);

async function serving(
  replica: number,
  hashes: RecentHashes,
  hear: (said: unknown) => void = () => undefined,
): Promise<{ replica: number; http: ReplicaHttp; close(): Promise<void> }> {
  const { routes } = checkpointRoutes({
    identity: { cluster: 'a', service: 'b', epoch: 1 },
    store: new PinnedCheckpointStore(new MemoryCheckpointStore()),
    hashes: () => hashes.report(),
    hear,
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
    problem: noProblem,
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

it('those who differ all learn of it, though the first to know is gone before they ask', async () => {
  const all = ['a', 'b', 'c'].map((hash, at) => new RecentHashes(at + 1, [manifest(10, hash)]));
  const heard: Agreement[] = [];
  const peers: Awaited<ReturnType<typeof serving>>[] = [];
  const watches = all.map(
    (hashes, at) =>
      new AgreementWatch({
        replica: at + 1,
        hashes,
        members: () => [1, 2, 3],
        peers: () => peers.filter(({ replica }) => replica !== at + 1),
        decided: (agreement) => (heard[at] = agreement),
        problem: noProblem,
      }),
  );
  for (const watch of watches) onTestFinished(() => watch.close());
  for (const [at, hashes] of all.entries())
    peers.push(await serving(at + 1, hashes, (said) => watches[at]?.hear(said)));
  for (const [at, watch] of watches.entries()) {
    await watch.compare();
    expect(heard[at]?.difference, `replica ${at + 1}`).toMatchObject({ checkpoint: 10, stream: 1, majority: null });
    await peers[at]?.close();
  }
});

it('others are asked while there is something to compare, and no longer', async () => {
  const [own, second] = [new RecentHashes(1), new RecentHashes(2)];
  let asked = 0;
  const peers = [await serving(2, second, () => asked++)];
  const heard: Agreement[] = [];
  const watch = new AgreementWatch({
    replica: 1,
    hashes: own,
    members: () => [1, 2],
    peers: () => peers,
    decided: (agreement) => heard.push(agreement),
    problem: noProblem,
  });
  onTestFinished(() => watch.close());
  await watch.compare();
  expect(asked).toBe(0);
  own.add(manifest(10, 'a'));
  for (const times of [1, 2]) {
    await watch.compare();
    expect(asked).toBe(times);
  }
  second.add(manifest(10, 'a'));
  for (let nth = 0; nth < 3; nth++) await watch.compare();
  expect([asked, heard.at(-1)?.lastAgreed]).toEqual([3, 10]);
  for (const hashes of [own, second]) hashes.add(manifest(20, 'a'));
  for (let nth = 0; nth < 3; nth++) await watch.compare();
  expect(asked).toBe(4);
  // It hears of it all the same, where the other one asks.
  watch.hear({ replica: 2, checkpoints: [{ id: 10, parts: ['-', 'x'] }] });
  await watch.compare();
  expect(heard.at(-1)?.difference).toMatchObject({ checkpoint: 10, stream: 1, majority: null });
});

it('a replica compares as soon as it starts', async () => {
  const own = new RecentHashes(1, [manifest(10, 'x')]);
  const others = [2, 3].map((replica) => new RecentHashes(replica, [manifest(10, 'a')]));
  const peers = await Promise.all(others.map((hashes, at) => serving(at + 2, hashes)));
  const first = await new Promise<Agreement>((resolve) => {
    const members = () => [1, 2, 3];
    const watch = new AgreementWatch({
      ...{ replica: 1, hashes: own, members, peers: () => peers },
      ...{ decided: resolve, problem: noProblem },
    });
    onTestFinished(() => watch.close());
    watch.start();
  });
  expect(first.difference).toMatchObject({ checkpoint: 10, majority: 'a' });
});

it('what keeps it from asking is told once, and ends nothing: nobody waits for it', async () => {
  let sentence = 'no such file';
  const told: string[] = [];
  const watch = new AgreementWatch({
    replica: 1,
    hashes: new RecentHashes(1, [manifest(10, 'a')]),
    members: () => [1, 2],
    peers: () => {
      throw new Error(sentence);
    },
    decided: () => expect.fail('it has asked nobody'),
    problem: ({ code, message }) => told.push(`${code}: ${message}`),
  });
  onTestFinished(() => watch.close());
  for (let nth = 0; nth < 2; nth++) await watch.compare();
  sentence = 'another one';
  await watch.compare();
  expect(told).toEqual([
    'UNREACHABLE: The other replicas cannot be asked: no such file. Correct that; they are asked again.',
    'UNREACHABLE: The other replicas cannot be asked: another one. Correct that; they are asked again.',
  ]);
});
