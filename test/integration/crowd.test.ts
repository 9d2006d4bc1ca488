import { execSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { Bystander } from './bystander.js';
import { Child } from './child.js';
import { newSession, RawClient, segmentOf } from './raw-client.js';
import { startServer } from './server.js';

const CONNECTIONS = 10_000;
const filesMax = Number(execSync('ulimit -n', { encoding: 'utf8' }));

describe('beside a client at work', () => {
  it('a client that never reads is cut off, and its replies take no more memory than they may', async () => {
    const server = await startServer('values', {
      streams: 2,
      limits: { unreadBytesMax: 4 << 20, frameBytesMax: 1 << 20 },
    });
    const deaf = await RawClient.connect(server.ports[1] ?? 0, newSession());
    const other = await RawClient.connect(server.ports[1] ?? 0, newSession());
    deaf.stopReading();
    const key = keysOfStream(deaf, 1);
    for (let first = 1; first <= 300; first++)
      deaf.send(deaf.frame({ first, segments: [segmentOf([1], 'make', [{ key, bytes: 500_000 }])] }));
    for (let first = 1; first <= 200; first++) {
      const reply = await other.ask(
        other.frame({ first, acknowledged: first - 1, segments: [segmentOf([1], 'make', [{ key, bytes: 10 }])] }),
      );
      expect(reply.kind).toBe('results');
    }
    expect(server.child.peakMiB).toBeLessThan(600);
  });

  it('a client that vanishes in the middle of its batches leaves nothing behind', async () => {
    const server = await startServer('ledger', { streams: 2 });
    const bystander = await Bystander.of(server.url);
    for (let round = 0; round < 30; round++) {
      const client = await RawClient.connect(server.ports[round % 3] ?? 0, newSession());
      const streams = round % 3 === 0 ? [1, 2] : [round % 3];
      for (let first = 1; first < 2000; first += 200) {
        const commands = Array.from({ length: 200 }, () => ({ keys: [] }));
        client.send(client.frame({ first, segments: [segmentOf(streams, 'count', commands)] }));
      }
      client.vanish();
    }
    await bystander.proceeds(20);
    await bystander.finish();
  });

  it.skipIf(filesMax < CONNECTIONS + 2000)(
    `${CONNECTIONS} connections do not disturb it (needs ulimit -n)`,
    async () => {
      const server = await startServer('ledger', { streams: 2 });
      const bystander = await Bystander.of(server.url);
      const crowd = new Child('crowd', { ports: server.ports, connections: CONNECTIONS });
      try {
        expect(await crowd.json()).toEqual({ welcomed: CONNECTIONS });
        await bystander.proceeds(20);
        crowd.say('ask');
        expect(await crowd.json()).toEqual({ answered: CONNECTIONS });
        expect(server.child.peakMiB).toBeLessThan(1000);
      } finally {
        await crowd.kill();
      }
      await bystander.proceeds(20);
      await bystander.finish();
    },
  );
});

/** A key that lives in a stream. */
function keysOfStream(client: RawClient, stream: number): string {
  for (let at = 0; ; at++) if (client.streamOf(`key/${at}`) === stream) return `key/${at}`;
}
