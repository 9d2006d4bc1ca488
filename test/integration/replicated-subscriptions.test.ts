import { connect, type Client, type Subscription } from 'psmr';
import { describe, expect, it } from 'vitest';
import config from '../../examples/config/service.js';
import { exampleUrl } from '../examples/fed-service.js';
import { decodeSubscriptionReply, encodeSubscribe } from '../../src/transport/subscription-frames.js';
import { newSession, RawClient } from './raw-client.js';
import { Replicas } from './replicas.js';

type ConfigClient = Client<typeof config>;

const KEYS = Array.from({ length: 6 }, (_, at) => `k/${at}`);

/** Puts until it is stopped; each key's versions count up from 1. */
class Writer {
  written = 0;
  #stopped = false;
  readonly #done: Promise<void>;

  constructor(client: ConfigClient) {
    this.#done = this.#run(client);
  }

  stop(): Promise<void> {
    this.#stopped = true;
    return this.#done;
  }

  async #run(client: ConfigClient): Promise<void> {
    while (!this.#stopped) {
      const round = this.written;
      const changes = KEYS.slice(0, 3).map((key) => ({ key, value: round }));
      const outcomes = await client.executeBatch([
        ...KEYS.map((key) => ['put', { key, value: round }] as const),
        ['update', { changes }] as const,
      ]);
      expect(outcomes.filter(({ ok }) => !ok)).toEqual([]);
      this.written++;
    }
  }
}

/** The versions that a subscriber has seen, by key; they must be 1, 2, 3, ... */
class Seen {
  readonly versions = new Map<string, number>();
  error: unknown = null;

  constructor(subscription: Subscription) {
    void this.follow(subscription);
  }

  async follow(subscription: Subscription): Promise<void> {
    try {
      for await (const { key, value } of subscription) {
        const { version } = value as { version: number };
        const before = this.versions.get(key) ?? 0;
        if (version !== before + 1) throw new Error(`${key}: version ${version} came after ${before}`);
        this.versions.set(key, version);
      }
    } catch (thrown) {
      this.error = thrown;
    }
  }

  total(): number {
    return [...this.versions.values()].reduce((sum, version) => sum + version, 0);
  }
}

describe('subscribers of three replicas', () => {
  it('get every change once and in order while each leader is killed', { timeout: 120_000 }, async () => {
    const service = exampleUrl('config/service').pathname;
    const replicas = await Replicas.start({ streams: 2, service, retainBytes: 0 });
    const open = (url: string): Promise<ConfigClient> =>
      connect({ replicas: [url, ...replicas.urls], service: config, limits: { silenceMs: 300 } });
    const clients = await Promise.all(replicas.urls.map(open));
    const seen = await Promise.all(
      clients.map(async (client) => new Seen(await client.subscribe({ prefixes: ['k/'] }))),
    );
    const single = new Seen(await (clients[0] as ConfigClient).subscribe({ keys: [KEYS[0] as string] }));
    const writer = new Writer(clients[0] as ConfigClient);
    for (const group of [1, 2]) {
      const target = writer.written + 20;
      await expect.poll(() => writer.written, { timeout: 20_000 }).toBeGreaterThan(target);
      const leader = await replicas.leaderOf(group);
      await replicas.kill(leader);
      await expect.poll(() => writer.written, { timeout: 20_000 }).toBeGreaterThan(target + 20);
      if (group === 2) break;
      // What it lacks then comes with a checkpoint, and with that the newest events.
      await replicas.psmr('checkpoint');
      await replicas.run(leader);
    }
    await writer.stop();
    const expected = writer.written * (KEYS.length + 3);
    for (const one of seen) {
      await expect.poll(() => one.error ?? one.total(), { timeout: 20_000 }).toBe(expected);
    }
    expect(single.error).toBeNull();
    await expect.poll(() => single.total(), { timeout: 20_000 }).toBe(2 * writer.written);
    await Promise.all(clients.map((client) => client.close()));
  });

  it('go on at a replica that got its state from another', { timeout: 120_000 }, async () => {
    const service = exampleUrl('config/service').pathname;
    const replicas = await Replicas.start({ streams: 1, service, retainBytes: 0 });
    const client = await connect({ replicas: replicas.urls, service: config });
    const put = (from: number, to: number): Promise<unknown> =>
      client.executeBatch(range(from, to).map((value) => ['put', { key: 'k', value }] as const));
    const subscription = await client.subscribe({ keys: ['k'] });
    await put(1, 20);
    for (let taken = 0; taken < 10; taken++) await subscription.next();
    const [place] = subscription.position;
    const away = (await replicas.leaderOf(1)) === 1 ? 2 : 1;
    await replicas.kill(away);
    for (let round = 1; round <= 3; round++) {
      await put(20 * round + 1, 20 * round + 20);
      // The oldest part of a log, which is of 1 MiB, goes as a whole.
      await client.executeBatch(range(1, 30).map(() => ['put', { key: 'pad', value: 'x'.repeat(60_000) }] as const));
      await replicas.psmr('checkpoint');
    }
    await replicas.until('the logs begin later', (views) =>
      views.some((view) => (view?.groups[1]?.firstIndex ?? 0) > 1),
    );
    await replicas.run(away);
    await replicas.caughtUp();
    expect((await replicas.view(away))?.groups[1]?.firstIndex).toBeGreaterThan(1);
    // To this one replica, as the frames are: what it has of these events came to it within a checkpoint.
    const port = Number(new URL(replicas.urls[away - 1] as string).port);
    const raw = await RawClient.connect(port + 1, newSession());
    const after = { origin: place?.[0] ?? 0, sequence: place?.[1] ?? 0 };
    const topics = { keys: ['k'], prefixes: [], windowBytes: 1 << 20 };
    const values: unknown[] = [];
    for (let id = 1; values.length < 100; id++) {
      raw.send(encodeSubscribe({ id, epoch: raw.epoch, after, ...topics }));
      await follow(raw, values, () => (values.length === 70 ? put(81, 110) : null));
    }
    expect(values).toEqual(range(11, 110));
    await client.close();
  });
});

const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

/** Reads events until there are 100; returns early where the replica cannot serve yet. */
async function follow(raw: RawClient, values: unknown[], each: () => Promise<unknown> | null): Promise<void> {
  while (values.length < 100) {
    const message = await raw.message();
    if (message === null) throw new Error('the replica has closed the connection');
    const reply = decodeSubscriptionReply(message);
    if (reply.kind === 'ended') {
      expect(reply.code).toBe('NOT_LEADER');
      return;
    }
    if (reply.kind !== 'events') continue;
    for (const { value } of reply.events) {
      values.push((value as { value: number }).value);
      await each();
    }
  }
}
