import { connect, Engine, type Client, type Subscription, type SubscriptionEvent } from 'psmr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../../examples/config/service.js';
import { WebSocket } from 'ws';
import { decodeGoodbye } from '../../src/transport/handshake.js';
import { decodeSubscriptionReply, encodeSubscribe } from '../../src/transport/subscription-frames.js';
import { exampleUrl } from '../examples/fed-service.js';
import { rejectionOf } from './codes.js';
import { newSession, RawClient } from './raw-client.js';
import { startEngine, temporaryDirectory } from './temporary.js';

const SERVICE = exampleUrl('config/service');
const KEPT = 200;

type ConfigClient = Client<typeof config>;

async function take(subscription: Subscription, count: number): Promise<SubscriptionEvent[]> {
  const events: SubscriptionEvent[] = [];
  while (events.length < count) {
    const { done, value } = await subscription.next();
    if (done === true) break;
    events.push(value);
  }
  return events;
}

const texts = (events: readonly SubscriptionEvent[]): string[] =>
  events.map(({ key, value }) => `${key} ${JSON.stringify(value)}`);

const put = (client: ConfigClient, key: string, values: readonly number[]): Promise<unknown> =>
  client.executeBatch(values.map((value) => ['put', { key, value }] as const));

const codeOf = async (promise: Promise<unknown>): Promise<string> => (await rejectionOf(promise)).code;

const range = (from: number, until: number): number[] => Array.from({ length: until - from }, (_, at) => from + at);

describe('subscribers of one node', () => {
  let engine: Engine;
  let url: string;
  let client: ConfigClient;

  beforeAll(async () => {
    engine = await Engine.start({ service: SERVICE, streams: 2, limits: { eventsKeptMax: KEPT } });
    url = (await engine.listen({ port: 0, http: null })).url;
    client = await connect({ replicas: [url], service: config });
  });

  afterAll(async () => {
    await client.close();
    await engine.stop();
  });

  it('get every change of a key, in order, and of no other', async () => {
    const subscription = await client.subscribe({ keys: ['a'] });
    await client.execute('put', { key: 'a', value: 1 });
    await client.execute('put', { key: 'b', value: 1 });
    await client.execute('put', { key: 'a', value: { deep: [2] } });
    await expect(client.execute('put', { key: 'a', value: 3, expect: 7 })).rejects.toThrow('version 2, not 7');
    await client.execute('remove', { key: 'a' });
    expect(texts(await take(subscription, 3))).toEqual([
      'a {"version":1,"value":1}',
      'a {"version":2,"value":{"deep":[2]}}',
      'a {"version":3}',
    ]);
    subscription.close();
    expect(await subscription.next()).toEqual({ done: true, value: undefined });
  });

  it('get those of a prefix from all streams, each key in order, also what one command changes in several', async () => {
    const subscription = await client.subscribe({ prefixes: ['p/'] });
    const keys = range(0, 8).map((at) => `p/${at}`);
    await client.execute('put', { key: 'other', value: 0 });
    for (const value of [1, 2]) {
      await client.execute('update', { changes: keys.map((key) => ({ key, value })) });
      await client.executeBatch(keys.map((key) => ['put', { key, value: -value }] as const));
    }
    const events = await take(subscription, 4 * keys.length);
    expect(new Set(events.map(({ stream }) => stream))).toEqual(new Set([1, 2]));
    for (const key of keys) {
      const own = events.filter((event) => event.key === key);
      expect(own.map(({ value }) => (value as { value: number }).value)).toEqual([1, -1, 2, -2]);
    }
    subscription.close();
  });

  it('go on where they were, and are told where that is kept no more', async () => {
    const first = await client.subscribe({ keys: ['c'] });
    await put(client, 'c', range(0, 5));
    const start = first.position;
    await take(first, 2);
    const { position } = first;
    first.close();
    await put(client, 'c', range(5, 10));
    const second = await client.subscribe({ keys: ['c'], after: position });
    const values = (await take(second, 8)).map(({ value }) => (value as { value: number }).value);
    expect(values).toEqual(range(2, 10));
    second.close();
    await put(client, 'c', range(0, KEPT));
    expect(await codeOf(client.subscribe({ keys: ['c'], after: start }))).toBe('SUBSCRIPTION_LOST');
    expect(await codeOf(client.subscribe({ keys: ['c'], after: [[1, 2]] }))).toBe('SUBSCRIPTION_LOST');
    const ahead = position.map((place) => (place === null ? null : ([place[0], place[1] + 1e6] as const)));
    expect(await codeOf(client.subscribe({ keys: ['c'], after: ahead }))).toBe('SUBSCRIPTION_LOST');
  });

  it('that nothing is for are not left behind by what others are told', async () => {
    const quiet = await client.subscribe({ keys: ['quiet'] });
    const first = quiet.position;
    for (let round = 0; round < 10; round++) await put(client, 'c', range(0, KEPT / 2));
    await put(client, 'd', range(0, KEPT));
    // Its place has moved along: it is good for going on.
    await expect.poll(() => quiet.position).not.toEqual(first);
    const again = await client.subscribe({ keys: ['quiet'], after: quiet.position });
    await client.execute('put', { key: 'quiet', value: 1 });
    expect(texts(await take(again, 1))).toEqual(['quiet {"version":1,"value":1}']);
    quiet.close();
    again.close();
  });

  it('that do not read hold up nobody, and are lost once the ring has left them behind', async () => {
    const slow = await client.subscribe({ keys: ['wide'], bufferBytes: 2048 });
    const fast = await client.subscribe({ keys: ['wide'] });
    const value = 'x'.repeat(500);
    let seen = 0;
    for (let round = 0; round < 6; round++) {
      await client.executeBatch(range(0, KEPT / 2).map(() => ['put', { key: 'wide', value }] as const));
      seen += (await take(fast, KEPT / 2)).length;
    }
    expect(seen).toBe(3 * KEPT);
    const versions: number[] = [];
    const end = (async () => {
      for await (const event of slow) versions.push((event.value as { version: number }).version);
    })();
    expect(await codeOf(end)).toBe('SUBSCRIPTION_LOST');
    expect(versions).toEqual(range(1, versions.length + 1));
    expect(versions.length).toBeLessThan(KEPT);
    fast.close();
  });

  it('go on while others send what nobody may', async () => {
    const subscription = await client.subscribe({ prefixes: ['m/'] });
    const ports = (await RawClient.connect(Number(new URL(url).port), newSession())).welcome.endpoints.map(
      ([, p]) => p,
    );
    const request = { id: 1, keys: ['m/1'], prefixes: [], after: null, windowBytes: 4096 };
    const good = encodeSubscribe({ ...request, epoch: 0 });
    const noWindow = encodeSubscribe({ ...request, epoch: 0, windowBytes: 0 });
    const noTopic = encodeSubscribe({ ...request, epoch: 0, keys: [] });
    const huge = encodeSubscribe({ ...request, epoch: 0, keys: ['x'.repeat(70_000)] });
    // Group 0 has no events.
    const spoilt = [good.subarray(0, 9), noWindow, noTopic, huge, Uint8Array.of(11, 0, 0, 0, 1, 0, 0)];
    for (const [bytes, port] of [...spoilt.map((bytes) => [bytes, ports[1]] as const), [good, ports[0]] as const]) {
      const raw = await RawClient.connect(port ?? 0, newSession());
      raw.send(bytes);
      expect((await raw.goodbye())?.code).toBe('BAD_FRAME');
    }
    // Another map's keys may be elsewhere: that subscription ends, and its connection stays.
    const raw = await RawClient.connect(ports[1] ?? 0, newSession());
    for (const id of [1, 2]) raw.send(encodeSubscribe({ ...request, id, epoch: raw.epoch + 1 }));
    for (const id of [1, 2]) {
      const reply = decodeSubscriptionReply((await raw.message()) ?? new Uint8Array());
      expect(reply).toMatchObject({ kind: 'ended', id, code: 'WRONG_EPOCH' });
    }
    await client.execute('put', { key: 'm/1', value: 1 });
    expect(texts(await take(subscription, 1))).toEqual(['m/1 {"version":1,"value":1}']);
    subscription.close();
  });

  it('show their token on each connection, and the server asks for it', async () => {
    const guarded = await startEngine({ service: SERVICE, streams: 1 });
    const { url: guardedUrl } = await guarded.listen({ port: 0, http: null, token: 'sesame' });
    const rightful = await connect({ replicas: [guardedUrl], service: config, token: 'sesame' });
    const subscription = await rightful.subscribe({ keys: ['a'] });
    await rightful.execute('put', { key: 'a', value: 1 });
    expect(texts(await take(subscription, 1))).toEqual(['a {"version":1,"value":1}']);
    const port = Number(new URL(guardedUrl).port);
    const socket = new WebSocket(`ws://127.0.0.1:${port}`);
    const closed = new Promise<string>((resolve) => {
      const heard: string[] = [];
      socket.on('message', (data: Buffer) => heard.push(decodeGoodbye(new Uint8Array(data)).code));
      socket.on('close', () => resolve(heard.join()));
    });
    socket.on('open', () =>
      socket.send(encodeSubscribe({ id: 1, epoch: 0, keys: ['a'], prefixes: [], after: null, windowBytes: 4096 })),
    );
    expect(await closed).toBe('BAD_FRAME');
    await rightful.close();
  });

  it('end with their client', async () => {
    const other = await connect({ replicas: [url], service: config });
    const subscription = await other.subscribe({ prefixes: [''] });
    const waiting = codeOf(subscription.next());
    await other.close();
    expect(await waiting).toBe('CLIENT_CLOSED');
    expect(await codeOf(other.subscribe({ keys: ['a'] }))).toBe('CLIENT_CLOSED');
    expect(await codeOf(client.subscribe({}))).toBe('INVALID_ARGUMENT');
    expect(await codeOf(engine.client<typeof config>().subscribe({ keys: ['a'] }))).toBe('NOT_SUPPORTED');
  });
});

describe('subscribers of a node that is started again', () => {
  it.each(['with its checkpoint', 'from its log alone'])('go on where they were, %s', async (how) => {
    const dataDir = temporaryDirectory();
    const start = async (): Promise<{ engine: Engine; client: ConfigClient }> => {
      const engine = await Engine.start({ service: SERVICE, streams: 2, dataDir });
      const { url } = await engine.listen({ port: 0, http: null });
      return { engine, client: await connect({ replicas: [url], service: config }) };
    };
    const before = await start();
    const subscription = await before.client.subscribe({ prefixes: ['k'] });
    for (const key of ['k1', 'k2', 'k3']) await put(before.client, key, range(0, 20));
    const seen = texts(await take(subscription, 30));
    const { position } = subscription;
    if (how.startsWith('with')) await before.engine.checkpoint();
    for (const key of ['k1', 'k2', 'k3']) await put(before.client, key, range(20, 25));
    await before.client.close();
    await before.engine.stop();
    const after = await start();
    const resumed = await after.client.subscribe({ prefixes: ['k'], after: position });
    await put(after.client, 'k1', [25]);
    seen.push(...texts(await take(resumed, 3 * 25 + 1 - 30)));
    for (const [key, count] of [
      ['k1', 26],
      ['k2', 25],
      ['k3', 25],
    ] as const) {
      const own = seen.filter((text) => text.startsWith(key));
      expect(own).toEqual(range(0, count).map((value) => `${key} ${JSON.stringify({ version: value + 1, value })}`));
    }
    await after.client.close();
    await after.engine.stop();
  });
});
