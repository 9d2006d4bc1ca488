import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { connect, type Client } from 'psmr';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import values from './services/values.js';
import { startEngine, temporaryDirectory } from './temporary.js';

const service = serviceUrl('values');
const TEN_MB = 10 << 20;
const ROOMY = { commandBytesMax: 16 << 20, frameBytesMax: 17 << 20, unreadBytesMax: 32 << 20 };

type Values = Client<typeof values>;

async function expectTenMegabytesToPass(client: Values): Promise<void> {
  const value = 'y'.repeat(TEN_MB);
  await client.execute('put', { key: 'a', value });
  await client.execute('putBoth', { one: 'b', other: 'c', value });
  expect(await client.execute('get', { key: 'a' })).toBe(value);
  expect(await client.execute('getBoth', { one: 'b', other: 'c' })).toEqual([value, value]);
}

describe('a value of 10 MB', () => {
  it('is refused by default, in the process and over the network, with the limit and what to raise', async () => {
    const engine = await startEngine({ service, streams: 3 });
    const { url } = await engine.listen({ port: 0, http: null });
    const remote = await connect<typeof values>({ replicas: [url], service: values });
    for (const client of [engine.client<typeof values>(), remote]) {
      const value = 'y'.repeat(TEN_MB);
      for (const attempt of [
        client.execute('put', { key: 'a', value }),
        client.execute('putBoth', { one: 'b', other: 'c', value }),
      ]) {
        const error = await rejectionOf(attempt);
        expect(error.code).toBe('COMMAND_TOO_LARGE');
        expect(error.message).toMatch(/over the limit of \d+.*limits\.commandBytesMax/);
      }
      expect(await client.execute('get', { key: 'a' })).toBeUndefined();
    }
    await remote.close();
  });

  it('passes where the limits are raised, and is there after a restart from log and from checkpoint', async () => {
    const options = { service, streams: 3, dataDir: temporaryDirectory(), limits: ROOMY };
    const first = await startEngine(options);
    const { url } = await first.listen({ port: 0, http: null });
    const remote = await connect<typeof values>({ replicas: [url], service: values, limits: ROOMY });
    await expectTenMegabytesToPass(remote);
    await remote.close();
    await expectTenMegabytesToPass(first.client());
    await first.stop();
    for (const checkpoint of [true, false]) {
      const engine = await startEngine(options);
      const client = engine.client<typeof values>();
      expect(await client.execute('getBoth', { one: 'a', other: 'c' })).toEqual([
        'y'.repeat(TEN_MB),
        'y'.repeat(TEN_MB),
      ]);
      if (checkpoint) await engine.checkpoint();
      await engine.stop();
    }
  });
});

describe('results that are together larger than what may wait unread', () => {
  async function expectAllToCome(client: Values, count: number): Promise<void> {
    const results: Promise<string>[] = [];
    for (let at = 0; at < count; at++) {
      results.push(client.execute('make', { key: `${at}`, bytes: 3 << 20 }));
      // A frame of its own for each, as far as there is room for more frames.
      await nextTurn();
    }
    for (const result of await Promise.all(results)) expect(result).toHaveLength(3 << 20);
  }

  it('all come in the process: the client reads them before more of its commands run', async () => {
    const engine = await startEngine({ service, streams: 2 });
    await expectAllToCome(engine.client(), 40);
  });

  it('all come over the network: who is cut off for what he has not read asks again, and nothing runs twice', async () => {
    const engine = await startEngine({ service, streams: 2 });
    const { url } = await engine.listen({ port: 0, http: null });
    const remote = await connect<typeof values>({ replicas: [url], service: values });
    // Less than a session's results may take while they are not acknowledged.
    await expectAllToCome(remote, 18);
    expect(engine.stats().commands).toBe(18);
    await remote.close();
  });
});
