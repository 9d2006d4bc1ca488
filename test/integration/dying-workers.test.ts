import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { limitsWithDefaults } from '../../src/config/limits.js';
import { createEngineMemory } from '../../src/replica/engine-memory.js';
import type { WorkerTask } from '../../src/replica/worker-messages.js';
import type { WorkerPool as Pool } from '../../src/replica/worker-pool.js';
import { connect, Engine, type PsmrError } from 'psmr';
import { Child } from './child.js';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import mortal from './services/mortal.js';
import { startEngine } from './temporary.js';

const service = serviceUrl('mortal');

describe.each([
  ['throw', /a timer of the service threw/],
  ['reject', /a promise of the service was rejected/],
  ['exit', /exit/i],
] as const)('a worker that dies (%s outside any handler)', (how, reason) => {
  it('stops the engine with the reason, and every call ends', async () => {
    const engine = await startEngine({ service, streams: 2 });
    const { url } = await engine.listen({ port: 0, http: null });
    const client = engine.client<typeof mortal>();
    const remote = await connect<typeof mortal>({ replicas: [url], service: mortal, requestTimeoutMs: 800 });
    await remote.execute('ping', { key: 'a' });
    await client.execute('die', { key: 'a', how });
    // Calls go on until one is refused: some of them are under way when the worker dies.
    const refused = Array.from({ length: 20 }, (_, at) => untilRefused(() => client.execute('ping', { key: `${at}` })));
    for (const error of await Promise.all(refused)) expect(error.code).toBe('ENGINE_FAILED');
    const failure = await engine.failure;
    expect(failure.code).toBe('ENGINE_FAILED');
    expect(failure.message).toMatch(/the worker of stream/);
    expect(failure.message).toMatch(reason);
    for (const call of [() => engine.port(), () => engine.client(), () => engine.feed()])
      expect(call).toThrow(expect.objectContaining({ code: 'ENGINE_FAILED' }) as Error);
    expect((await rejectionOf(engine.checkpoint())).code).toBe('ENGINE_FAILED');
    expect(['UNREACHABLE', 'OUTCOME_UNKNOWN']).toContain(
      (await rejectionOf(remote.execute('ping', { key: 'a' }))).code,
    );
    await engine.stop();
    await remote.close();
  });
});

async function untilRefused(call: () => Promise<unknown>): Promise<PsmrError> {
  for (;;) {
    try {
      await call();
    } catch (error) {
      return error as PsmrError;
    }
  }
}

describe('a worker that has died', () => {
  it('is waited for by nobody: those who begin to afterwards are told why it did', async () => {
    const { WorkerPool } = (await import(new URL('../../dist/src/replica/worker-pool.js', import.meta.url).href)) as {
      WorkerPool: typeof Pool;
    };
    let dies: (error: unknown) => void = () => undefined;
    const died = new Promise((resolve) => (dies = resolve));
    const pool = new WorkerPool([0, 1].map(taskWithoutService), {
      checkpoint: () => undefined,
      replication: () => undefined,
      slow: () => undefined,
      recovered: () => undefined,
      died: (_group, error) => dies(error),
    });
    const before = rejectionOf(pool.next(1, 'ready'));
    expect(await died).toMatchObject({ code: 'INVALID_SERVICE' });
    expect((await before).code).toBe('INVALID_SERVICE');
    expect((await rejectionOf(pool.next(1, 'listening'))).code).toBe('INVALID_SERVICE');
    await pool.stop();
    expect((await rejectionOf(pool.next(1, 'listening'))).code).toBe('ENGINE_STOPPED');
  });
});

/** A stream's worker dies of it; group 0's has no use for a service. */
function taskWithoutService(group: number): WorkerTask {
  const { control, counters, links } = createEngineMemory(1);
  return {
    ...{ group, replica: 0, replication: null, dataDir: null, durability: 'memory', checkpoint: null, spinUs: 0 },
    ...{ serviceUrl: serviceUrl('none').href, partitionMap: createPartitionMap({ streams: 1 }).toJson() },
    ...{ limits: limitsWithDefaults({}), control, counters, links },
  };
}

describe('a process whose engine has failed', () => {
  it('says why and ends by itself', async () => {
    const child = new Child('doomed', { service: service.href });
    expect(await child.json()).toEqual({ pending: 'ENGINE_FAILED', failure: 'ENGINE_FAILED' });
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });
});

describe('an engine that is stopped', () => {
  it('ends every call that is under way, and takes no more', async () => {
    const engine = await Engine.start({ service, streams: 2 });
    const client = engine.client<typeof mortal>();
    const calls = Array.from({ length: 5000 }, (_, at) => client.execute('ping', { key: `${at}` }));
    const settled = Promise.allSettled(calls);
    await engine.stop();
    for (const outcome of await settled)
      if (outcome.status === 'rejected') expect((outcome.reason as PsmrError).code).toBe('ENGINE_STOPPED');
    expect((await rejectionOf(client.execute('ping', { key: 'a' }))).code).toBe('ENGINE_STOPPED');
    expect(() => engine.client()).toThrow(expect.objectContaining({ code: 'ENGINE_STOPPED' }) as Error);
    await engine.stop();
  });
});
