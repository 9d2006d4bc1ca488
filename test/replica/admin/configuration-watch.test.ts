import { expect, it, onTestFinished } from 'vitest';
import { ConfigurationWatch } from '../../../src/replica/admin/configuration-watch.js';
import { Guard } from '../../../src/replica/admin/guarded-route.js';
import { ReplicaHttp } from '../../../src/replica/admin/replica-http.js';
import { jsonAnswer, openHttpEndpoint, textAnswer, type HttpRoute } from '../../../src/replica/http-endpoint.js';
import type { SharedConfiguration } from '../../../src/replica/shared-configuration.js';
import { SECRET } from './fake-cluster.js';

class Watched {
  own: SharedConfiguration | null;
  readonly told: string[] = [];
  readonly watch: ConfigurationWatch;
  url = 'http://127.0.0.1:1';
  asked = 0;
  removed: readonly number[] = [];

  constructor(replica: number, token: string | null, peers: () => readonly Watched[] = () => []) {
    this.own = { replica, token, replicas: [] };
    this.watch = new ConfigurationWatch({
      own: () => this.own,
      peers: () => peers().map((peer) => ({ replica: peer.own?.replica ?? 0, http: peer.#http })),
      isMember: (id) => !this.removed.includes(id),
      guard: new Guard(SECRET),
      differs: ({ problem }) => this.told.push(problem.message),
    });
    onTestFinished(() => this.watch.close());
  }

  /** `routes`: those that it has by now. */
  async serve(routes: readonly HttpRoute[] = [this.watch.route]): Promise<(routes: readonly HttpRoute[]) => void> {
    const http = await openHttpEndpoint({ host: '127.0.0.1', port: 0, routes });
    onTestFinished(() => http.close());
    this.url = `http://127.0.0.1:${http.address.port}`;
    return (later) => http.serve(later);
  }

  get #http(): ReplicaHttp {
    const http = new ReplicaHttp({ url: this.url, secret: SECRET, timeoutMs: 2000 });
    const post = http.post.bind(http);
    http.post = (...args) => {
      this.asked++;
      return post(...args);
    };
    return http;
  }
}

it('a replica is asked once when it comes into reach, and its difference told once, and in the status while it lasts', async () => {
  const other = new Watched(2, null);
  await other.serve();
  const one = new Watched(1, 'a', () => [other]);
  await one.watch.look(0);
  expect(other.asked).toBe(0);
  one.watch.inReach([2]);
  await one.watch.look(0);
  one.watch.inReach([2]);
  await one.watch.look(10_000);
  expect(other.asked).toBe(1);
  expect(one.told).toEqual([expect.stringContaining('Replica 2 asks clients for no token')]);
  expect(one.watch.reason).toContain('replica 2 has another token');
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

it('who is asked compares, too: it may have the wrong address of the one that asks', async () => {
  const one: Watched = new Watched(1, 'a', () => [two]);
  const two: Watched = new Watched(2, null, () => [one]);
  await two.serve();
  one.watch.inReach([2]);
  await one.watch.look(0);
  expect(two.told).toEqual([expect.stringContaining('Replica 1 asks clients for a token')]);
  expect(two.watch.reason).toContain('replica 1 has another token');
  one.own = { replica: 1, token: null, replicas: [] };
  one.watch.compare(2);
  await one.watch.look(10_000);
  expect([one.told.length, one.watch.reason, two.watch.reason]).toEqual([1, null, null]);
});

it('what is said by a replica that is not known is not heard', async () => {
  const two = new Watched(2, null);
  await two.serve();
  const stranger = new Watched(7, 'a', () => [two]);
  stranger.watch.inReach([2]);
  await stranger.watch.look(0);
  expect([stranger.told.length, two.told]).toEqual([1, []]);
});

it.each<[string, HttpRoute[]]>([
  ['404', []],
  ['503', [answering(() => textAnswer(503, 'not yet'))]],
  ['null', [answering(() => jsonAnswer(null))]],
])('one that answers %s, as it does while it starts, is asked until it has more to say', async (_, routes) => {
  const other = new Watched(2, null);
  const serve = await other.serve(routes);
  const one = new Watched(1, 'a', () => [other]);
  one.watch.inReach([2]);
  for (let nth = 0; nth < 15; nth++) await one.watch.look(nth * 2000);
  expect([other.asked, one.told]).toEqual([15, []]);
  serve([other.watch.route]);
  await one.watch.look(30_000);
  expect([other.asked, one.told.length]).toEqual([16, 1]);
});

it('the difference of a replica that was removed is not in the status, and told anew when it is back', async () => {
  const other = new Watched(2, null);
  await other.serve();
  const one = new Watched(1, 'a', () => [other]);
  one.watch.inReach([2]);
  await one.watch.look(0);
  expect(one.watch.reason).toContain('replica 2');
  one.removed = [2];
  expect(one.watch.reason).toBeNull();
  one.watch.inReach([]);
  await one.watch.look(10_000);
  one.removed = [];
  expect(one.watch.reason).toBeNull();
  one.watch.inReach([2]);
  await one.watch.look(20_000);
  expect([one.told.length, one.watch.reason === null]).toEqual([2, false]);
});

it('one that was removed and is not in reach is asked no more', async () => {
  const away = new Watched(2, null);
  const one = new Watched(1, 'a', () => [away]);
  one.watch.compare(2);
  await one.watch.look(0);
  one.removed = [2];
  await one.watch.look(2000);
  expect(away.asked).toBe(1);
});

it('a configuration of many replicas and groups gets through', async () => {
  const at = Array.from({ length: 1024 }, (_, group) => ({
    host: 'a-rather-long-name.example.org',
    port: 7400 + group,
  }));
  const replicas = [1, 2, 3].map((id) => ({ id, clients: at, peers: at, http: { host: 'a', port: 7390 } }));
  const one: Watched = new Watched(1, 'a', () => [two]);
  const two: Watched = new Watched(2, null, () => [one]);
  one.own = { replica: 1, token: 'a', replicas };
  await two.serve();
  one.watch.inReach([2]);
  await one.watch.look(0);
  expect(two.told).toHaveLength(1);
});

function answering(answer: () => ReturnType<HttpRoute['handle']>): HttpRoute {
  return { method: 'POST', path: '/configuration', handle: answer };
}
