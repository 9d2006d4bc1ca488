import { describe, expect, it } from 'vitest';
import { connect, type Client, type Engine } from 'psmr';
import { serviceUrl } from './compiled.js';
import ledger from './services/ledger.js';
import { startEngine, temporaryDirectory } from './temporary.js';

type Ledger = Client<typeof ledger>;

const KEYS = Array.from({ length: 12 }, (_, at) => `key/${at}`);

async function remoteOf(engine: Engine): Promise<Ledger> {
  const { url } = await engine.listen({ port: 0, http: null });
  return connect<typeof ledger>({ replicas: [url], service: ledger });
}

describe.each([
  ['in memory', (): object => ({})],
  ['on disk', (): object => ({ dataDir: temporaryDirectory() })],
])('%s, a read', (_, storage) => {
  it("sees another client's cross-stream write that was acknowledged before, in each of its streams", async () => {
    const engine = await startEngine({ service: serviceUrl('ledger'), streams: 3, ...storage() });
    const remote = await remoteOf(engine);
    const pairs: readonly (readonly [Ledger, Ledger])[] = [
      [engine.client(), engine.client()],
      [remote, engine.client()],
      [engine.client(), remote],
    ];
    let amount = 0;
    for (let round = 0; round < 60; round++) {
      const [writer, reader] = pairs[round % 3] ?? [remote, remote];
      // Some of its streams are done with it later than the one that answers.
      await writer.execute('count', { keys: KEYS, slowOn: round % 2 === 0 ? 0 : 1 });
      amount++;
      const reads = await reader.executeBatch(KEYS.map((key) => ['read', { key }] as const));
      expect(reads.map((read) => read.ok && read.value.amount)).toEqual(KEYS.map(() => amount));
      const [one, other] = await reader.execute('readPair', { one: KEYS[0] ?? '', other: KEYS[5] ?? '' });
      expect([one?.amount, other?.amount]).toEqual([amount, amount]);
    }
    await remote.close();
  });

  it("sees another client's write to one stream that was acknowledged before, also with other keys", async () => {
    const engine = await startEngine({ service: serviceUrl('ledger'), streams: 3, ...storage() });
    const remote = await remoteOf(engine);
    const embedded = engine.client<typeof ledger>();
    for (let round = 1; round <= 60; round++) {
      const [writer, reader] = round % 2 === 0 ? [remote, embedded] : [embedded, remote];
      await Promise.all(KEYS.map((key) => writer.execute('count', { keys: [key] })));
      const total = (await reader.execute('dump')).reduce((sum, [, record]) => sum + record.amount, 0);
      expect(total).toBe(round * KEYS.length);
    }
    await remote.close();
  });

  it("sees the client's own writes to that stream that were not awaited", async () => {
    const engine = await startEngine({ service: serviceUrl('ledger'), streams: 2, ...storage() });
    const remote = await remoteOf(engine);
    for (const client of [engine.client<typeof ledger>(), remote]) {
      const key = client === remote ? 'remote' : 'embedded';
      for (let round = 1; round <= 60; round++) {
        const written = client.execute('count', { keys: [key] });
        // Sometimes in the same frame, sometimes behind it.
        if (round % 2 === 0) await new Promise((resolve) => setImmediate(resolve));
        expect((await client.execute('read', { key })).amount).toBe(round);
        await written;
      }
    }
    await remote.close();
  });
});
