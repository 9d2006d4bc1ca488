import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import type { CheckpointManifest, Client } from 'psmr';
import { serviceUrl } from './compiled.js';
import type { Dump } from './ledger-check.js';
import type ledger from './services/ledger.js';
import type values from './services/values.js';
import { startEngine, temporaryDirectory } from './temporary.js';

type Ledger = Client<typeof ledger>;

const service = serviceUrl('ledger');
const STREAMS = 3;

/** Commands of every kind until told to stop; resolves with how many there were. */
function keepBusy(client: Ledger): { stop(): Promise<number> } {
  let stopped = false;
  const work = async (): Promise<number> => {
    let nth = 0;
    for (; !stopped; nth++) {
      await Promise.all([
        client.execute('add', { key: `counter/${nth % 500}`, by: 1, id: `${nth}` }),
        client.execute('transfer', { from: `a/${nth % 20}`, to: `b/${nth % 30}`, amount: 1, id: `t${nth}` }),
        nth % 10 === 0 ? client.execute('stamp', { prefix: 'a/1', id: `s${nth}` }) : null,
      ]);
    }
    return nth;
  };
  const working = work();
  return {
    stop: () => {
      stopped = true;
      return working;
    },
  };
}

function sorted(dump: Dump): Dump {
  return [...dump].sort(([a], [b]) => (a < b ? -1 : 1));
}

function hashesOf(manifest: CheckpointManifest): string[] {
  return manifest.parts.map(({ part, keys, hash }) => `${part}: ${keys} keys, ${hash}`);
}

describe('checkpoints while commands run', () => {
  it('with the logs after them give back the very state, partition by partition, after a restart', async () => {
    const options = { service, streams: STREAMS, dataDir: temporaryDirectory() };
    const first = await startEngine(options);
    const client = first.client<typeof ledger>();
    const busy = keepBusy(client);
    const ids: number[] = [];
    for (let nth = 0; nth < 5; nth++) ids.push((await first.checkpoint()).id);
    expect(await busy.stop()).toBeGreaterThan(5);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
    expect(new Set(ids).size).toBe(5);
    const state = sorted(await client.execute('dump'));
    const before = hashesOf(await first.checkpoint());
    await client.execute('add', { key: 'one more', by: 1, id: 'x' });
    await first.stop();

    const second = await startEngine(options);
    const again = second.client<typeof ledger>();
    expect(sorted(await again.execute('dump')).filter(([key]) => key !== 'one more')).toEqual(state);
    expect((await again.execute('read', { key: 'one more' })).ids).toEqual(['x']);
    await second.stop();

    const third = await startEngine({ ...options });
    const after = hashesOf(await third.checkpoint());
    expect(after.filter((part, at) => part !== before[at])).toHaveLength(1);
  });

  it('have the same hashes when nothing has happened in between, also after a restart', async () => {
    const options = { service, streams: STREAMS, dataDir: temporaryDirectory() };
    const first = await startEngine(options);
    const busy = keepBusy(first.client());
    await first.checkpoint();
    await busy.stop();
    const before = hashesOf(await first.checkpoint());
    expect(hashesOf(await first.checkpoint())).toEqual(before);
    await first.stop();
    const second = await startEngine(options);
    expect(hashesOf(await second.checkpoint())).toEqual(before);
    expect(second.stats().lastCheckpoint).toBeGreaterThan(0);
  });

  it('are answered, each of many asked for at once', async () => {
    const engine = await startEngine({ service, streams: STREAMS });
    const busy = keepBusy(engine.client());
    const manifests = await Promise.all(Array.from({ length: 10 }, () => engine.checkpoint()));
    await busy.stop();
    for (const manifest of manifests) expect(manifest.parts).toHaveLength(STREAMS + 1);
  });
});

describe('automatic checkpoints', () => {
  it('come as the logs grow, and no more when nothing is written', async () => {
    const everyBytes = 1_000_000;
    const engine = await startEngine({
      service: serviceUrl('values'),
      streams: 2,
      dataDir: temporaryDirectory(),
      durability: 'async',
      checkpoint: { everyBytes },
    });
    const client = engine.client<typeof values>();
    for (let nth = 0; nth < 300; nth++) await client.execute('put', { key: `${nth % 20}`, value: '.'.repeat(10_000) });
    await vi.waitFor(() => expect(engine.stats().checkpoints).toBeGreaterThan(0), { timeout: 10_000 });
    await engine.checkpoint();
    const { checkpoints } = engine.stats();
    // The size of the logs is looked at once a second: nothing to wait for but that nothing comes.
    await sleep(2500);
    expect(engine.stats().checkpoints).toBe(checkpoints);
  });
});
