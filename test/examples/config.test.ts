import { connect, Engine, PsmrError, type Subscription, type SubscriptionEvent } from 'psmr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import config from '../../examples/config/service.js';
import { LiveSettings, type ConfigClient } from '../../examples/config/watch.js';
import { exampleUrl } from './fed-service.js';

/** One that the server has left behind. */
class LostSubscription implements Subscription {
  readonly position = [];
  closed = false;

  next(): Promise<IteratorResult<SubscriptionEvent, undefined>> {
    return Promise.reject(new PsmrError('SUBSCRIPTION_LOST', 'away for too long'));
  }

  close(): void {
    this.closed = true;
  }

  [Symbol.asyncIterator](): AsyncIterator<SubscriptionEvent, undefined> {
    return { next: () => this.next() };
  }
}

describe('the example config', () => {
  let engine: Engine;
  let client: ConfigClient;

  beforeAll(async () => {
    engine = await Engine.start({ service: exampleUrl('config/service'), streams: 3, limits: { eventsKeptMax: 50 } });
    const { url } = await engine.listen({ port: 0, http: null });
    client = await connect({ replicas: [url], service: config });
  });

  afterAll(async () => {
    await client.close();
    await engine.stop();
  });

  it('counts versions, also across a removal, and changes only what is as expected', async () => {
    expect(await client.execute('put', { key: 'a', value: 1, expect: 0 })).toBe(1);
    await expect(client.execute('put', { key: 'a', value: 2, expect: 0 })).rejects.toThrow('a has version 1, not 0');
    expect(await client.execute('remove', { key: 'a', expect: 1 })).toBe(2);
    expect(await client.execute('get', { key: 'a' })).toBeNull();
    await expect(client.execute('remove', { key: 'a' })).rejects.toThrow('there is no a');
    expect(await client.execute('put', { key: 'a', value: 3, expect: 0 })).toBe(3);
    expect(await client.execute('get', { key: 'a' })).toEqual({ version: 3, value: 3 });
  });

  it('changes several keys or none, and nobody hears of none', async () => {
    const keys = ['u/1', 'u/2', 'u/3', 'u/4'];
    const subscription = await client.subscribe({ prefixes: ['u/'] });
    const changes = keys.map((key) => ({ key, value: 'x' }));
    const spoilt = [...changes, { key: 'u/5', expect: 9, value: 'x' }];
    await expect(client.execute('update', { changes: spoilt })).rejects.toThrow('u/5 has version 0, not 9');
    expect(await client.execute('list', { prefix: 'u/' })).toEqual([]);
    expect(await client.execute('update', { changes })).toEqual([1, 1, 1, 1]);
    expect(await client.execute('list', { prefix: 'u/' })).toEqual(
      keys.map((key) => [key, { version: 1, value: 'x' }]),
    );
    const heard = [];
    while (heard.length < keys.length) heard.push((await subscription.next()).value?.key);
    expect(heard.sort()).toEqual(keys);
    subscription.close();
  });

  it('has live copies that end equal to it, whoever writes meanwhile and however much', async () => {
    const heard: string[] = [];
    await client.execute('put', { key: 'w/0', value: 'before' });
    const live = await LiveSettings.open(client, 'w/', (key, { version }) => heard.push(`${key} ${version}`));
    const following = live.follow();
    for (let round = 0; round < 20; round++) {
      const key = (at: number): string => `w/${(round + at) % 7}`;
      await client.executeBatch([
        ...[0, 1, 2].map((at) => ['put', { key: key(at), value: round }] as const),
        ['remove', { key: key(1) }],
        ['update', { changes: [3, 4].map((at) => ({ key: key(at), value: -round })) }],
      ]);
    }
    const settings = await client.execute('list', { prefix: 'w/' });
    await expect.poll(() => live.entries).toEqual(settings);
    expect(live.get('w/0')).toBe(new Map(settings).get('w/0')?.value);
    expect(new Set(heard).size).toBe(heard.length);
    live.close();
    await following;
  });

  it('has live copies that end also where they are closed while they begin anew', async () => {
    const opened: LostSubscription[] = [];
    const losing: Pick<ConfigClient, 'subscribe'> = {
      subscribe: () => {
        const subscription = new LostSubscription();
        if (opened.push(subscription) === 2) live.close();
        return Promise.resolve(subscription);
      },
    };
    const loser: ConfigClient = Object.assign(Object.create(client) as ConfigClient, losing);
    const live = await LiveSettings.open(loser, 'l/');
    await live.follow();
    expect(opened.map(({ closed }) => closed)).toEqual([true, true]);
  });
});
