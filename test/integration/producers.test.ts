import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { attach, type EnginePort } from 'psmr';
import { rejectionOf } from './codes.js';
import { programFile, serviceUrl } from './compiled.js';
import { checkLedger } from './ledger-check.js';
import type { ProducerTask } from './programs/producer.js';
import type ledger from './services/ledger.js';
import { startEngine } from './temporary.js';

const ROUNDS = 40;
const KEYS = 20;

describe('four threads that submit through ports of their own', () => {
  it('get the right results, and no command is lost or doubled', async () => {
    const engine = await startEngine({ service: serviceUrl('ledger'), streams: 3 });
    const names = ['a', 'b', 'c', 'd'];
    const wrong = await Promise.all(
      names.map(async (name) => {
        const workerData: ProducerTask = { port: engine.port(), name, rounds: ROUNDS, keys: KEYS };
        const worker = new Worker(programFile('producer'), { workerData });
        const [message] = (await once(worker, 'message')) as [string[]];
        await worker.terminate();
        return message;
      }),
    );
    expect(wrong.flat()).toEqual([]);
    const dump = await engine.client<typeof ledger>().execute('dump');
    checkLedger(dump, []);
    const records = new Map(dump);
    for (const name of names) expect(records.get(`own/${name}`)?.amount).toBe(ROUNDS);
    for (let at = 0; at < KEYS; at++) {
      const ids = records.get(`shared/${at}`)?.ids ?? [];
      expect(new Set(ids).size).toBe(names.length * ROUNDS);
      expect(ids).toHaveLength(names.length * ROUNDS);
      // Each producer's own commands keep their order.
      for (const name of names) {
        const rounds = ids.filter((id) => id.startsWith(`${name} `)).map((id) => Number(id.split(' ')[1]));
        expect(rounds).toEqual(Array.from({ length: ROUNDS }, (_, round) => round));
      }
    }
  });

  it('do not disturb the others when one of them ends without a word', async () => {
    const engine = await startEngine({ service: serviceUrl('ledger'), streams: 2 });
    const task: ProducerTask = { port: engine.port(), name: 'x', rounds: 100_000, keys: 500 };
    const worker = new Worker(programFile('producer'), { workerData: task });
    const client = engine.client<typeof ledger>();
    while ((await client.execute('read', { key: 'own/x' })).amount < 3);
    await worker.terminate();
    for (let nth = 1; nth <= 200; nth++)
      expect(await client.execute('add', { key: 'mine', by: 1, id: `${nth}` })).toBe(nth);
  });
});

describe('attach', () => {
  it('says so where it is given no port', async () => {
    const error = await rejectionOf(attach({ kind: 'something else' } as unknown as EnginePort));
    expect(error.code).toBe('INVALID_ARGUMENT');
  });

  it('makes one client of a port, not two that take each other the answers', async () => {
    const port = (await startEngine({ service: serviceUrl('ledger'), streams: 1 })).port();
    const client = await attach<typeof ledger>(port);
    const error = await rejectionOf(attach(port));
    expect(error.code).toBe('INVALID_ARGUMENT');
    expect(error.message).toMatch(/engine\.port\(\)/);
    expect(await client.execute('add', { key: 'mine', by: 1, id: '1' })).toBe(1);
  });
});
