/** Three replicas in the process of whoever embeds them, on Node's own thread pool. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { connect, Engine, PsmrError, type CheckpointManifest, type Client, type ClusterConfig } from 'psmr';
import { describe, expect, it, onTestFinished } from 'vitest';
import { serviceUrl } from './compiled.js';
import { freePorts } from './free-ports.js';
import type ledgerService from './services/ledger.js';
import { temporaryDirectory } from './temporary.js';

type LedgerClient = Client<typeof ledgerService>;

const STREAMS = 2;
const GROUPS = STREAMS + 1;
const PORTS_EACH = 2 * GROUPS + 1;
const LIMIT = { timeout: 30_000 };

/** The cluster of a test, whose replicas are started and stopped here. */
class Embedded {
  readonly ids = [1, 2, 3];
  readonly #engines = new Map<number, Engine>();
  readonly #starting: Promise<unknown>[] = [];
  readonly #over = new AbortController();
  readonly #directory = temporaryDirectory();
  readonly #firstPort: number;

  private constructor(firstPort: number) {
    this.#firstPort = firstPort;
    onTestFinished(() => this.end());
  }

  static async plan(): Promise<Embedded> {
    return new Embedded(await freePorts(3 * PORTS_EACH));
  }

  get urls(): string[] {
    return this.ids.map((id) => `ws://127.0.0.1:${this.#portOf(id)}`);
  }

  httpOf(id: number): string {
    return `http://127.0.0.1:${this.httpPortOf(id)}`;
  }

  httpPortOf(id: number): number {
    return this.#portOf(id) + 2 * GROUPS;
  }

  engine(id: number): Engine {
    const engine = this.#engines.get(id);
    if (engine === undefined) throw new Error(`replica ${id} was started`);
    return engine;
  }

  start(replicaId: number, { rebuild = false } = {}): Promise<Engine> {
    const engine = Engine.start({
      service: serviceUrl('ledger'),
      streams: STREAMS,
      dataDir: join(this.#directory, `replica-${replicaId}${rebuild ? '-anew' : ''}`),
      cluster: this.#cluster(),
      replicaId,
      rebuild,
      signal: this.#over.signal,
    }).then((started) => {
      this.#engines.set(replicaId, started);
      return started;
    });
    this.#starting.push(engine);
    return engine;
  }

  startAll(): Promise<Engine[]> {
    return Promise.all(this.ids.map((id) => this.start(id)));
  }

  async client(): Promise<LedgerClient> {
    const { default: service } = (await import(serviceUrl('ledger').href)) as { default: typeof ledgerService };
    const client = await connect({ replicas: this.urls, service });
    onTestFinished(() => client.close());
    return client;
  }

  /** Of whoever leads group 0; the others' hashes are the same when it resolves. */
  async agreedCheckpoint(ids = this.ids): Promise<CheckpointManifest> {
    const manifest = await this.#checkpoint();
    const agreed = (): (number | null | undefined)[] => ids.map((id) => this.engine(id).status()?.lastAgreedCheckpoint);
    await expect.poll(agreed, LIMIT).toEqual(ids.map(() => manifest.id));
    return manifest;
  }

  async end(): Promise<void> {
    this.#over.abort(new PsmrError('ENGINE_STOPPED', 'the test is over'));
    await Promise.allSettled(this.#starting);
    await Promise.all([...this.#engines.values()].map((engine) => engine.stop()));
  }

  async #checkpoint(): Promise<CheckpointManifest> {
    const leader = (): number => this.engine(1).status()?.groups[0]?.leader ?? 0;
    await expect.poll(leader, LIMIT).toBeGreaterThan(0);
    return this.engine(leader()).checkpoint();
  }

  #portOf(id: number): number {
    return this.#firstPort + (id - 1) * PORTS_EACH;
  }

  #cluster(): ClusterConfig {
    const replicas = this.ids.map((id) => {
      const port = this.#portOf(id);
      return { id, hosts: ['127.0.0.1'], port, peerPort: port + GROUPS, http: { port: this.httpPortOf(id) } };
    });
    return { name: 'embedded', secret: 'a secret of the tests', replicas };
  }
}

const health = async (url: string): Promise<number> => (await fetch(`${url}/healthz`)).status;

describe('three replicas in one process', { timeout: 120_000 }, () => {
  it('start before any of them listens, execute, and take one of them back that was closed', async () => {
    const replicas = await Embedded.plan();
    const engines = await replicas.startAll();
    await Promise.all(engines.map((engine) => engine.listen()));
    const client = await replicas.client();
    const add = (at: number): ['add', { key: string; by: number; id: string }] => [
      'add',
      { key: `k${at % 20}`, by: 1, id: String(at) },
    ];
    const run = async (from: number): Promise<void> => {
      const outcomes = await client.executeBatch(Array.from({ length: 100 }, (_, at) => add(from + at)));
      expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
      await client.execute('transfer', { from: 'k1', to: 'k2', amount: 1, id: `t${from}` });
    };
    await run(0);

    await replicas.engine(2).stop();
    await run(100);

    const again = await replicas.start(2);
    await again.listen();
    await run(200);

    const { parts } = await replicas.agreedCheckpoint();
    expect(parts.map(({ part }) => part)).toEqual([0, 1, 2]);
    expect(await client.execute('stamp', { prefix: 'k', id: 'all' })).toBe(20);
    const states = (): unknown[] => replicas.ids.map((id) => replicas.engine(id).status()?.state);
    await expect.poll(states, LIMIT).toEqual(['running', 'running', 'running']);
    await client.close();
    await replicas.end();
    for (const id of replicas.ids) await expect(fetch(replicas.httpOf(id))).rejects.toThrow('fetch failed');
  });

  it('see each other whether they serve clients or not', async () => {
    const replicas = await Embedded.plan();
    await replicas.startAll();
    const healths = (): Promise<number[]> => Promise.all(replicas.ids.map((id) => health(replicas.httpOf(id))));
    await replicas.agreedCheckpoint();
    expect(await healths()).toEqual([503, 503, 503]);

    const elsewhere = { host: '0.0.0.0', port: replicas.httpPortOf(1) };
    await expect(replicas.engine(1).listen({ http: elsewhere })).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    const listening = await replicas.engine(1).listen();
    expect(listening.http?.port).toBe(replicas.httpPortOf(1));
    expect(await healths()).toEqual([200, 503, 503]);
    await listening.close();
    expect(await healths()).toEqual([503, 503, 503]);
    await replicas.agreedCheckpoint();
  });

  it('take back one that has lost its disk, though none of them serves clients', async () => {
    const replicas = await Embedded.plan();
    await replicas.startAll();
    await replicas.engine(3).stop();
    await replicas.start(3, { rebuild: true });
    await expect.poll(() => replicas.engine(3).status()?.state, LIMIT).toBe('running');
    await replicas.agreedCheckpoint();
  });

  it('do not start where one of them finds its port taken: that one says so, the others can be called off', async () => {
    const replicas = await Embedded.plan();
    await occupy(replicas.httpPortOf(2));
    const outcomes = replicas.ids.map((id) => replicas.start(id).catch((error: unknown) => error));
    expect(await outcomes[1]).toMatchObject({ code: 'ADDRESS_IN_USE' });
    await replicas.end();
    expect(await Promise.all(outcomes)).toMatchObject(
      ['ENGINE_STOPPED', 'ADDRESS_IN_USE', 'ENGINE_STOPPED'].map((code) => ({ code })),
    );
  });
});

async function occupy(port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
}
