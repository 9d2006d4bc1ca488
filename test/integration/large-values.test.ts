import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
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

  it('all come where each is larger than what may wait: after a cut fewer are asked for at once', async () => {
    const engine = await startEngine({ service, streams: 2 });
    const { url } = await engine.listen({ port: 0, http: null });
    const remote = await connect<typeof values>({ replicas: [url], service: values });
    await remote.execute('get', { key: 'one' });
    const results: Promise<string>[] = [];
    for (let at = 0; at < 5; at++) {
      results.push(remote.execute('show', { key: 'one', bytes: 30 << 20 }));
      await nextTurn();
    }
    for (const result of await Promise.all(results)) expect(result).toHaveLength(30 << 20);
    // Each cut costs all that is under way, so there must be few.
    expect(engine.stats().commands).toBeLessThan(30);
    await remote.close();
  });
});

describe('values and results without measure', () => {
  const MIB = 1 << 20;

  describe.each(['in the process', 'over the network'])('%s', (where) => {
    async function start(): Promise<Values> {
      const engine = await startEngine({ service, streams: 2 });
      if (where === 'in the process') return engine.client();
      const { url } = await engine.listen({ port: 0, http: null });
      const remote = await connect<typeof values>({ replicas: [url], service: values });
      onTestFinished(() => remote.close());
      return remote;
    }

    it('of more than 128 MiB are refused, nothing is written, and others are served on', async () => {
      const client = await start();
      const tooMuch = { key: 'a', bytes: MIB, times: 130 };
      const attempts = [
        (): Promise<unknown> => client.execute('make', { key: 'a', bytes: 130 * MIB }),
        (): Promise<unknown> => client.execute('makeList', tooMuch),
        (): Promise<unknown> => client.execute('storeList', tooMuch),
        (): Promise<unknown> => client.execute('makeListOfAll', tooMuch),
      ];
      for (const attempt of attempts) {
        const error = await rejectionOf(attempt());
        expect(error.code).toBe('VALUE_NOT_ENCODABLE');
        expect(error.message).toMatch(/takes 13\d{7} bytes or more, 134217728 are allowed/);
      }
      expect(await client.execute('get', { key: 'a' })).toBeUndefined();
      expect(await client.execute('get', { key: 'everything' })).toBeUndefined();
    });

    it('of commands of one batch that take more together: all are executed, the last are answered without', async () => {
      const client = await start();
      const makes = Array.from({ length: 9 }, () => ['make', { key: 'a', bytes: 20 * MIB }] as const);
      const outcomes = await client.executeBatch([...makes, ['count', { key: 'a' }]]);
      const told = outcomes.map((outcome) => (outcome.ok ? (outcome.value as string).length : outcome.error.code));
      expect(told).toEqual([...new Array<number>(7).fill(20 * MIB), ...new Array<string>(3).fill('RESULT_FORGOTTEN')]);
      expect(await client.execute('count', { key: 'a' })).toBe(2);
    });
  });

  it('of reads that take more together: what fits into a frame is answered', async () => {
    const engine = await startEngine({ service, streams: 2 });
    const client = engine.client<typeof values>();
    await client.execute('storeList', { key: 'a', bytes: MIB, times: 70 });
    // Two frames: of those whose other key is in the same stream, and of those whose is not.
    const reads = Array.from({ length: 16 }, (_, at) => ['getBoth', { one: 'a', other: `b${at}` }] as const);
    const outcomes = await client.executeBatch(reads);
    const told = outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code)).sort();
    expect(told).toEqual([...new Array<string>(12).fill('RESULT_FORGOTTEN'), ...new Array<string>(4).fill('ok')]);
  });

  it('that commands of several streams read are exchanged bit by bit, and refused where one command reads too much', async () => {
    const classes = { 'a:': { place: 'pin', stream: 1 }, 'b:': { place: 'pin', stream: 2 } } as const;
    const options = { service, streams: 2, dataDir: temporaryDirectory(), partitioning: { classes } };
    const engine = await startEngine(options);
    const client = engine.client<typeof values>();
    const keys = ['a:1', 'a:2', 'a:3'];
    await client.executeBatch(
      [...keys, 'b:'].map((key) => ['storeList', { key, bytes: MIB, times: key === 'b:' ? 1 : 90 }] as const),
    );
    const two = keys.map((key) => ['sumLengths', { of: [key, 'b:'], into: `b:${key}` }] as const);
    const outcomes = await client.executeBatch([...two, ['sumLengths', { of: [...keys, 'b:'], into: 'b:sum' }]]);
    const told = outcomes.map((outcome) => (outcome.ok ? outcome.value : outcome.error.code));
    expect(told).toEqual([91 * MIB, 91 * MIB, 91 * MIB, 'VALUE_NOT_ENCODABLE']);
    expect(outcomes[3]).toMatchObject({ error: { message: expect.stringMatching(/'sumLengths' reads/) as string } });
    await engine.stop();
    const again = (await startEngine(options)).client<typeof values>();
    expect(await again.execute('get', { key: 'b:a:3' })).toBe(91 * MIB);
    expect(await again.execute('get', { key: 'b:sum' })).toBeUndefined();
  });
});
