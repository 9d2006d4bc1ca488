/** Replicas that serve checkpoints, and a network between them that damages, stalls and dies on demand. */
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { encodeValue } from '../../../src/execution/command-batch.js';
import { Guard } from '../../../src/replica/admin/guarded-route.js';
import { ReplicaHttp } from '../../../src/replica/admin/replica-http.js';
import { RecentHashes } from '../../../src/replica/agreement.js';
import { openHttpEndpoint } from '../../../src/replica/http-endpoint.js';
import { PartHash } from '../../../src/replica/part-hash.js';
import { checkpointRoutes } from '../../../src/replica/transfer/checkpoint-routes.js';
import {
  fetchCheckpoint,
  type CheckpointSource,
  type FetchOptions,
} from '../../../src/replica/transfer/fetch-checkpoint.js';
import { PinnedCheckpointStore } from '../../../src/replica/transfer/pinned-checkpoint-store.js';
import type { CheckpointManifest, CheckpointStore } from '../../../src/storage/checkpoint-store.js';
import { LmdbCheckpointStore } from '../../../src/storage/lmdb-checkpoint-store.js';
import { MemoryCheckpointStore } from '../../../src/storage/memory-checkpoint-store.js';
import { seededRandom } from '../../seeded-random.js';

const SECRET = 'a secret of the cluster';
export const IDENTITY = { cluster: 'bank', service: 'bank', epoch: 7 };
const GROUPS = 4;

export function memoryStore(): CheckpointStore {
  return new MemoryCheckpointStore();
}

export function lmdbStore(): CheckpointStore {
  const directory = mkdtempSync(join(tmpdir(), 'psmr-transfer-'));
  const store = LmdbCheckpointStore.open(join(directory, 'checkpoints'), { check: true });
  onTestFinished(async () => {
    await store.close();
    rmSync(directory, { recursive: true });
  });
  return store;
}

/** The same state for the same `like`, cut into chunks by `cut`: replicas need not cut alike. */
export async function writeState(
  store: CheckpointStore,
  id: number,
  cut = 7,
  items = 60,
  like = id,
): Promise<CheckpointManifest> {
  const parts = [];
  for (let part = 0; part < GROUPS; part++) {
    const random = seededRandom(like * 100 + part);
    const entries = Array.from({ length: part === 0 ? 3 : items * part }, (_, n) =>
      encodeValue([`${part}/${n}`, Buffer.alloc(100 + Math.floor(random() * 3000), n).toString('latin1')]),
    );
    const writer = store.begin(id, part);
    const hash = new PartHash();
    for (let from = 0; from < entries.length; from += cut) {
      const chunk = encodeValue([part === 0 ? 2 : 0, entries.slice(from, from + cut)]);
      hash.add(chunk);
      await writer.write(chunk);
    }
    parts.push(
      await writer.finish({
        part,
        nextIndex: like * 10 + part,
        position: { index: like * 10 + part - 1, term: 2, membership: { voters: [1, 2], learners: [] } },
        timestampMs: like,
        keys: entries.length,
        hash: hash.hex,
      }),
    );
  }
  const manifest = { id, takenAtMs: 1_700_000_000_000 + id, parts };
  await store.complete(manifest);
  return manifest;
}

/** Everything in a checkpoint. */
export function contents(store: CheckpointStore, id: number): string[] {
  return Array.from({ length: GROUPS }, (_, part) => Buffer.concat([...store.read(id, part)]).toString('base64'));
}

export interface Serving {
  readonly store: PinnedCheckpointStore;
  readonly port: number;
  close(): Promise<void>;
}

export async function serveStore(
  inner: CheckpointStore,
  settings: { secret?: string; identity?: typeof IDENTITY; holdMs?: number } = {},
): Promise<Serving> {
  const store = new PinnedCheckpointStore(inner);
  const { routes, close } = checkpointRoutes({
    identity: settings.identity ?? IDENTITY,
    store,
    hashes: () => new RecentHashes(1, store.list()).report(),
    hear: () => undefined,
    guard: new Guard(settings.secret ?? SECRET),
    ...(settings.holdMs === undefined ? {} : { holdMs: settings.holdMs }),
  });
  const http = await openHttpEndpoint({ host: '127.0.0.1', port: 0, routes });
  onTestFinished(() => http.close());
  const end = async (): Promise<void> => {
    close();
    await http.close();
  };
  return { store, port: http.address.port, close: end };
}

export function sourceAt(port: number, replica = 1, timeoutMs = 5000): CheckpointSource {
  return { replica, http: new ReplicaHttp({ url: `http://127.0.0.1:${port}`, secret: SECRET, timeoutMs }) };
}

export function fetchInto(
  store: CheckpointStore,
  sources: readonly CheckpointSource[],
  more: Partial<FetchOptions> = {},
): Promise<CheckpointManifest> {
  return fetchCheckpoint({
    sources,
    store,
    secret: SECRET,
    identity: IDENTITY,
    groups: GROUPS,
    refuse: () => null,
    createHash: () => new PartHash(),
    rounds: 2,
    pauseMs: 1,
    ...more,
  });
}

/** What becomes of bytes that a server sends: told how many came before them on this connection. */
type Meddle = (bytes: Buffer, before: number, request: string) => Buffer | 'cut' | 'stall';

/** The port of a network on the way to `port`. */
export async function meddledWith(port: number, meddle: Meddle): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    let request = '';
    let before = 0;
    client.on('data', (bytes) => {
      request += bytes.toString('latin1');
      upstream.write(bytes);
    });
    client.on('close', () => upstream.destroy());
    upstream.on('close', () => client.destroy());
    upstream.on('data', (bytes) => {
      const passed = meddle(bytes, before, request);
      before += bytes.byteLength;
      if (passed === 'cut') client.destroy();
      else if (passed !== 'stall') client.write(passed);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}
