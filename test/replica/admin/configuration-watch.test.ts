import { expect, it, onTestFinished } from 'vitest';
import { ConfigurationWatch } from '../../../src/replica/admin/configuration-watch.js';
import { Guard } from '../../../src/replica/admin/guarded-route.js';
import { ReplicaHttp } from '../../../src/replica/admin/replica-http.js';
import { openHttpEndpoint } from '../../../src/replica/http-endpoint.js';
import type { SharedConfiguration } from '../../../src/replica/shared-configuration.js';
import { SECRET } from './fake-cluster.js';

class Watched {
  own: SharedConfiguration | null;
  readonly told: string[] = [];
  readonly watch: ConfigurationWatch;
  url = 'http://127.0.0.1:1';
  asked = 0;

  constructor(replica: number, token: string | null, peers: () => readonly Watched[] = () => []) {
    this.own = { replica, token, replicas: [] };
    this.watch = new ConfigurationWatch({
      own: () => this.own,
      peers: () => peers().map((peer) => ({ replica: peer.own?.replica ?? 0, http: peer.#http })),
      guard: new Guard(SECRET),
      problem: ({ message }) => this.told.push(message),
    });
    onTestFinished(() => this.watch.close());
  }

  async serve(): Promise<this> {
    const http = await openHttpEndpoint({ host: '127.0.0.1', port: 0, routes: [this.watch.route] });
    onTestFinished(() => http.close());
    this.url = `http://127.0.0.1:${http.address.port}`;
    return this;
  }

  get #http(): ReplicaHttp {
    const http = new ReplicaHttp({ url: this.url, secret: SECRET, timeoutMs: 2000 });
    const get = http.get.bind(http);
    http.get = (...args) => {
      this.asked++;
      return get(...args);
    };
    return http;
  }
}

it('a replica is asked once when it comes into reach, and its difference told once, and in the status while it lasts', async () => {
  const other = await new Watched(2, null).serve();
  const one = new Watched(1, 'a', () => [other]);
  await one.watch.look(0);
  expect(other.asked).toBe(0);
  one.watch.inReach([2]);
  await one.watch.look(0);
  one.watch.inReach([2]);
  await one.watch.look(10_000);
  expect(other.asked).toBe(1);
  expect(one.told).toEqual([expect.stringContaining('Replica 2 asks clients for no token')]);
  expect(one.watch.reason).toBe(one.told[0]);
  one.watch.inReach([]);
  one.watch.inReach([2]);
  await one.watch.look(20_000);
  expect(one.told).toHaveLength(1);
  other.own = { replica: 2, token: 'a', replicas: [] };
  one.watch.inReach([]);
  one.watch.inReach([2]);
  await one.watch.look(30_000);
  expect([one.told.length, one.watch.reason]).toEqual([1, null]);
});

it('one that does not answer yet is asked again, for a while', async () => {
  const other = new Watched(2, null);
  const one = new Watched(1, 'a', () => [other]);
  one.watch.inReach([2]);
  await one.watch.look(0);
  await one.watch.look(100);
  expect(other.asked).toBe(1);
  await other.serve();
  await one.watch.look(2000);
  expect(one.told).toHaveLength(1);
  const away = new Watched(3, null);
  const two = new Watched(1, 'a', () => [away]);
  two.watch.inReach([3]);
  for (let nth = 0; nth < 10; nth++) await two.watch.look(nth * 2000);
  await two.watch.look(100_000);
  expect(away.asked).toBe(10);
});
