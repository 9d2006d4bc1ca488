import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Engine, type Listening } from 'psmr';
import { PartitionMap } from '../../src/classifier/partition-map.js';
import type { Reply } from '../../src/client/reply.js';
import { serviceUrl } from './compiled.js';
import { newSession, RawClient, segmentOf } from './raw-client.js';
import { startServer, type Server } from './server.js';
import { temporaryDirectory } from './temporary.js';

const STREAMS = 2;

function start(dataDir: string): Promise<Server> {
  return startServer('ledger', { dataDir, streams: STREAMS });
}

/** A key of each stream: `keys[1]` is stream 1's. */
function keysByStream(client: RawClient): string[] {
  const map = PartitionMap.fromJson(client.welcome.partitionMap);
  const keys: string[] = [];
  for (let at = 0; keys.filter((key) => key !== '').length < STREAMS; at++)
    keys[map.streamOf(`key/${at}`)] ??= `key/${at}`;
  return keys;
}

function codeOf(reply: Reply): string {
  if (reply.kind === 'rejected') return reply.error.code;
  return reply.failures[0]?.error.code ?? 'ok';
}

function valuesOf(reply: Reply): readonly unknown[] {
  if (reply.kind !== 'results') throw new Error(`rejected: ${reply.error.message}`);
  return reply.values;
}

describe('a frame that is sent again after a kill', () => {
  it('is executed once, and answered as before, where its first answer had come', async () => {
    const dataDir = temporaryDirectory();
    const session = newSession();
    const before = await start(dataDir);
    const client = await RawClient.connect(before.ports[1] ?? 0, session);
    const key = keysByStream(client)[1] ?? '';
    const commands = [1, 2, 3].map((by) => ({ key, by, id: `add ${by}` }));
    const frame = client.frame({ first: 1, segments: [segmentOf([1], 'add', commands)] });
    expect(valuesOf(await client.ask(frame))).toEqual([1, 3, 6]);
    await before.child.kill();

    const after = await start(dataDir);
    const again = await RawClient.connect(after.ports[1] ?? 0, session);
    expect(valuesOf(await again.ask(frame))).toEqual([1, 3, 6]);
    const read = again.frame({ first: 4, segments: [segmentOf([1], 'read', [{ key }])] });
    expect(valuesOf(await again.ask(read))).toEqual([{ amount: 6, ids: ['add 1', 'add 2', 'add 3'] }]);
  });

  it('is executed once where the kill came before its answer', async () => {
    const dataDir = temporaryDirectory();
    const session = newSession();
    let server = await start(dataDir);
    for (let round = 1; round <= 4; round++) {
      const client = await RawClient.connect(server.ports[2] ?? 0, session);
      const key = keysByStream(client)[2] ?? '';
      const frame = client.frame({
        first: round,
        acknowledged: round - 1,
        segments: [segmentOf([2], 'add', [{ key, by: 1, id: `round ${round}` }])],
      });
      client.send(frame);
      // The later the round, the more of the way to its answer is gone.
      for (let turns = 1; turns < round * 2; turns++) await new Promise((resolve) => setImmediate(resolve));
      await server.child.kill();
      server = await start(dataDir);
      const again = await RawClient.connect(server.ports[2] ?? 0, session);
      expect(valuesOf(await again.ask(frame))).toEqual([round]);
      again.vanish();
    }
  });

  it('is executed once where it touches several streams', async () => {
    const dataDir = temporaryDirectory();
    const session = newSession();
    const before = await start(dataDir);
    const client = await RawClient.connect(before.ports[0] ?? 0, session);
    const [, from = '', to = ''] = keysByStream(client);
    const transfers = segmentOf([1, 2], 'transfer', [{ from, to, amount: 7, id: 'transfer' }]);
    const pairs = segmentOf([1, 2], 'readPair', [{ one: from, other: to }]);
    const frame = client.frame({ first: 1, segments: [transfers, pairs] });
    const moved = [
      null,
      [
        { amount: -7, ids: ['transfer'] },
        { amount: 7, ids: ['transfer'] },
      ],
    ];
    client.send(frame);
    const answers = [await client.reply(), await client.reply()].sort((a, b) => a.firstSequence - b.firstSequence);
    expect(answers.flatMap((answer) => valuesOf(answer))).toEqual([undefined, moved[1]]);
    await before.child.kill();

    const after = await start(dataDir);
    const again = await RawClient.connect(after.ports[0] ?? 0, session);
    again.send(frame);
    const same = [await again.reply(), await again.reply()].sort((a, b) => a.firstSequence - b.firstSequence);
    expect(same.flatMap((answer) => valuesOf(answer))).toEqual([undefined, moved[1]]);
    const [read] = valuesOf(await again.ask(again.frame({ first: 3, acknowledged: 2, segments: [pairs] })));
    expect(read).toEqual(moved[1]);
  });
});

describe('a group', () => {
  let engine: Engine;
  let listening: Listening;
  beforeAll(async () => {
    engine = await Engine.start({ service: serviceUrl('ledger'), streams: STREAMS, limits: { sessionIdleMs: 60_000 } });
    listening = await engine.listen({ port: 0, http: null });
  });
  afterAll(() => engine.stop());
  const portOf = (group: number): number => listening.endpoints[group]?.port ?? 0;

  describe.each([
    ['a stream', 1],
    ['group 0', 0],
  ] as const)('%s refuses', (_, group) => {
    const segments = (client: RawClient): ReturnType<typeof segmentOf>[] => {
      const [, one = '', other = ''] = keysByStream(client);
      return group === 0
        ? [segmentOf([1, 2], 'transfer', [{ from: one, to: other, amount: 1, id: 'x' }])]
        : [segmentOf([1], 'add', [{ key: one, by: 1, id: 'x' }])];
    };

    it('a frame whose predecessors are missing, and takes it once they have come', async () => {
      const client = await RawClient.connect(portOf(group), newSession());
      await client.ask(client.frame({ first: 1, segments: segments(client) }));
      const third = client.frame({ first: 3, segments: segments(client) });
      expect(codeOf(await client.ask(third))).toBe('SEQUENCE_GAP');
      expect(codeOf(await client.ask(client.frame({ first: 2, segments: segments(client) })))).toBe('ok');
      expect(codeOf(await client.ask(third))).toBe('ok');
    });

    it('a frame of a session that it does not know or that is too old', async () => {
      const port = portOf(group);
      const unknown = await RawClient.connect(port, newSession());
      expect(codeOf(await unknown.ask(unknown.frame({ first: 9, segments: segments(unknown) })))).toBe(
        'SESSION_EXPIRED',
      );
      const old = await RawClient.connect(port, newSession(Date.now() - 3_600_000));
      expect(codeOf(await old.ask(old.frame({ first: 1, segments: segments(old) })))).toBe('SESSION_EXPIRED');
    });

    it('a frame that was classified by another partition map', async () => {
      const client = await RawClient.connect(portOf(group), newSession());
      const reply = await client.ask(client.frame({ first: 1, epoch: client.epoch ^ 1, segments: segments(client) }));
      expect(codeOf(reply)).toBe('WRONG_EPOCH');
      expect(codeOf(await client.ask(client.frame({ first: 1, segments: segments(client) })))).toBe('ok');
    });

    it('to answer a frame again whose answer the client has acknowledged, and says so', async () => {
      const client = await RawClient.connect(portOf(group), newSession());
      const first = client.frame({ first: 1, segments: segments(client) });
      await client.ask(first);
      await client.ask(client.frame({ first: 2, acknowledged: 1, segments: segments(client) }));
      expect(codeOf(await client.ask(first))).toBe('RESULT_FORGOTTEN');
    });
  });
});
