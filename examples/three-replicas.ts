/** Three replicas in one process, as an integration test of a service starts them: one is away for a while. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, Engine, PsmrError, type ClusterConfig } from 'psmr';
import bank from './bank.js';

const service = new URL('./bank.js', import.meta.url);
const directory = await mkdtemp(join(tmpdir(), 'psmr-three-replicas-'));
const firstPort = Number(process.argv[2] ?? 7500);
const ids = [1, 2, 3];
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

// Ports for clients and for the other replicas are one per group, which is one more than there are streams.
const replicas = ids.map((id) => {
  const port = firstPort + 10 * (id - 1);
  return { id, hosts: ['127.0.0.1'], port, peerPort: port + 3, http: { port: port + 6 } };
});
const cluster: ClusterConfig = { name: 'test', secret: 'known to this test alone', replicas };

const over = new AbortController();
const engines = new Map<number, Engine>();

async function start(replicaId: number): Promise<void> {
  const dataDir = join(directory, `replica-${replicaId}`);
  const engine = await Engine.start({ service, streams: 2, dataDir, cluster, replicaId, signal: over.signal });
  engines.set(replicaId, engine);
  await engine.listen();
}

// All at once: the first start of a cluster waits until all its replicas are there.
const starts = ids.map(start);
try {
  await Promise.all(starts);
  const urls = replicas.map(({ port }) => `ws://127.0.0.1:${port}`);
  const client = await connect({ replicas: urls, service: bank });
  over.signal.addEventListener('abort', () => void client.close());
  await client.execute('deposit', { account: 'anna', amount: 100 });

  await engines.get(2)?.stop();
  await client.execute('transfer', { from: 'anna', to: 'bert', amount: 30 });
  print(`with replica 2 away: ${await client.execute('total')}`);

  await start(2);
  await engines.get(3)?.stop();
  // A majority again, and it needs replica 2: so that has what it missed.
  await client.execute('deposit', { account: 'bert', amount: 7 });
  print(`with replica 3 away: ${await client.execute('total')}`);
} catch (error) {
  if (!(error instanceof PsmrError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  // Where one did not start, the others wait for it.
  over.abort(new PsmrError('ENGINE_STOPPED', 'The test is over.'));
  await Promise.allSettled(starts);
  await Promise.all([...engines.values()].map((engine) => engine.stop()));
  await rm(directory, { recursive: true });
}
