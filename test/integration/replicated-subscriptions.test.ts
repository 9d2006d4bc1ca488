import { connect, type Client, type Subscription } from 'psmr';
import { describe, expect, it } from 'vitest';
import config from '../../examples/config/service.js';
import { exampleUrl } from '../examples/fed-service.js';
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
});
