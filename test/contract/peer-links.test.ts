import { describe } from 'vitest';
import { seededRandom } from '../seeded-random.js';
import { SimulatedClock } from '../client/simulated-clock.js';
import { MemoryNetwork } from '../simulation/memory-network.js';
import { Replicas, until } from '../transport/peer-replicas.js';
import { IMPLEMENTATIONS } from '../transport/peers.js';
import { TcpProxy } from '../transport/tcp-proxy.js';
import { describePeerLinks } from './peer-links-suite.js';

const unsentBytesMax = 1_000_000;

describe.each(IMPLEMENTATIONS)('accepted by %s', (_name, listen) => {
  describePeerLinks('WebSockets', async () => {
    const replicas = new Replicas(listen);
    const proxies = new Map<number, TcpProxy>();
    for (const id of [1, 2, 3]) proxies.set(id, await TcpProxy.open());
    const proxyOf = (id: number): TcpProxy => {
      const proxy = proxies.get(id);
      if (proxy === undefined) throw new Error(`no proxy for ${id}`);
      return proxy;
    };
    return {
      unsentBytesMax,
      open: async (id, handlers) => {
        const { links } = await replicas.open(id, { limits: { unsentBytesMax, deadMs: 60_000 } }, handlers);
        proxyOf(id).target = links.port;
        return links;
      },
      addressOf: (id) => ({ id, host: '127.0.0.1', port: proxyOf(id).port }),
      until,
      settle: () => new Promise((resolve) => setTimeout(resolve, 50)),
      stopReading: (id) => proxyOf(id).pause(),
      remove: async () => {
        await replicas.close();
        await Promise.all([...proxies.values()].map((proxy) => proxy.close()));
      },
    };
  });
});

describePeerLinks('in memory', async () => {
  const clock = new SimulatedClock(seededRandom(7));
  const network = new MemoryNetwork({ clock, random: clock.random, unsentBytesMax });
  let now = 0;
  const pass = (ms: number): void => clock.run((now += ms));
  return {
    unsentBytesMax,
    open: async (id, handlers) => network.open(id, handlers),
    addressOf: (id) => ({ id, host: 'memory', port: id }),
    until: async (holds) => {
      for (let ms = 0; !holds(); ms++) {
        if (ms > 60_000) throw new Error(`not within a minute: ${holds.toString()}`);
        pass(1);
        await Promise.resolve();
      }
    },
    settle: async () => pass(100),
    stopReading: (id) => network.stopReading(id),
    remove: async () => undefined,
  };
});
