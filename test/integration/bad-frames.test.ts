import { randomInt } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { encodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { seededRandom } from '../seeded-random.js';
import { Bystander } from './bystander.js';
import { newSession, RawClient, segmentOf } from './raw-client.js';
import { startServer, type Server } from './server.js';

const SEED = Number(process.env['FRAMES_SEED'] ?? randomInt(2 ** 31));

/** A server with a client at work; what is sent to it besides must not disturb that client. */
async function besideABystander(attack: (server: Server, bystander: Bystander) => Promise<void>): Promise<void> {
  const server = await startServer('ledger', {
    streams: 2,
    limits: { frameBytesMax: 1 << 20, commandBytesMax: 1 << 18 },
  });
  const bystander = await Bystander.of(server.url);
  await attack(server, bystander);
  await bystander.proceeds(5);
  await bystander.finish();
  expect(server.child.peakMiB).toBeLessThan(800);
}

/** A good frame for stream 1, with whatever commands. */
function goodFrame(client: RawClient): Uint8Array {
  return client.frame({ first: 1, segments: [segmentOf([1], 'count', [{ keys: [] }])] });
}

describe('a frame that cannot be read', () => {
  const spoiled: readonly (readonly [string, (good: Uint8Array) => Uint8Array])[] = [
    ['is empty', () => new Uint8Array()],
    ['is cut off in its header', (good) => good.subarray(0, 20)],
    ['is cut off in its body', (good) => good.subarray(0, good.byteLength - 1)],
    ['goes on after its end', (good) => Buffer.concat([good, Buffer.from([0])])],
    ['is of an unknown kind', (good) => Buffer.concat([Buffer.from([99]), good.subarray(1)])],
    ['is text in disguise', () => Buffer.from('GET / HTTP/1.1')],
  ];

  it('costs its sender the connection, and nobody else anything', async () => {
    await besideABystander(async (server) => {
      for (const port of server.ports) {
        for (const [how, spoil] of spoiled) {
          const client = await RawClient.connect(port, newSession());
          client.send(spoil(goodFrame(client)));
          expect((await client.goodbye())?.code, `a frame that ${how}`).toBe('BAD_FRAME');
        }
      }
    });
  });

  it('may say that it has millions of commands: none is logged', async () => {
    await besideABystander(async (server) => {
      for (const [group, low] of [
        [1, 1],
        [0, 3],
      ] as const) {
        const client = await RawClient.connect(server.ports[group] ?? 0, newSession());
        const segment = { low, high: 0, flags: 0, count: 0xff_ffff, body: Buffer.from([0xc1]) };
        client.send(client.frame({ first: 1, segments: new Array<typeof segment>(20).fill(segment) }));
        expect((await client.goodbye())?.code).toBe('BAD_FRAME');
      }
    });
  });

  it('may be too large: its sender is told, or cut off', async () => {
    await besideABystander(async (server) => {
      for (const port of server.ports) {
        const little = await RawClient.connect(port, newSession());
        little.send(new Uint8Array((1 << 20) + 1));
        expect((await little.goodbye())?.code).toBe('FRAME_TOO_LARGE');
        const far = await RawClient.connect(port, newSession());
        far.send(new Uint8Array(32 << 20));
        await far.goodbye();
      }
    });
  });

  it(`may be random (replay with FRAMES_SEED=${SEED})`, async () => {
    const random = seededRandom(SEED);
    await besideABystander(async (server) => {
      for (let round = 0; round < 150; round++) {
        const client = await RawClient.connect(server.ports[round % 3] ?? 0, newSession());
        const frame = Buffer.from(goodFrame(client));
        if (random() < 0.3) client.send(Buffer.from(frame.map(() => Math.floor(random() * 256))));
        // The header stays, so that the rest is looked at.
        else for (let at = 64; at < frame.byteLength; at++) if (random() < 0.2) frame[at] = Math.floor(random() * 256);
        client.send(frame);
        await client.message();
        client.vanish();
      }
    });
  });
});

describe('a frame whose commands are wrong', () => {
  const bodies: readonly (readonly [string, Uint8Array, string])[] = [
    ['an unknown command', encodeCommandBatch(['nothing'], [0], [{}]), 'UNKNOWN_COMMAND'],
    ['a command with a name from Object.prototype', encodeCommandBatch(['toString'], [0], [{}]), 'UNKNOWN_COMMAND'],
    ['arguments that its key function does not bear', encodeCommandBatch(['add'], [0], [null]), 'INVALID_ARGUMENTS'],
    ['a key that is no string', encodeCommandBatch(['add'], [0], [{ key: 7 }]), 'INVALID_KEYS'],
    ['keys that are no list', encodeCommandBatch(['count'], [0], [{ keys: 'abc' }]), 'INVALID_KEYS'],
    ['a body that is no batch', encodeValue({ a: 1 }), 'BAD_FRAME'],
    ['a body that is no MessagePack', Buffer.from([0xc1]), 'BAD_FRAME'],
    ['an index beyond the names', encodeValue([['add'], Buffer.from([1]), [{}]]), 'BAD_FRAME'],
    ['a million levels', Buffer.alloc(200_000, 0x91), 'BAD_FRAME'],
    ['arrays that say they are far longer than the frame', longArrays(0xdd, [0x01, 0xff, 0xff, 0xff], 60), 'BAD_FRAME'],
    ['many shorter ones inside each other', longArrays(0xdc, [0xff, 0xff], 8000), 'BAD_FRAME'],
  ];

  function longArrays(token: number, length: readonly number[], levels: number): Uint8Array {
    return Buffer.concat(Array.from({ length: levels }, () => Buffer.from([token, ...length])));
  }

  it('gets an error that says what is wrong, in a stream and in group 0', async () => {
    await besideABystander(async (server) => {
      for (const [what, body, code] of bodies) {
        for (const [group, low] of [
          [1, 1],
          [0, 3],
        ] as const) {
          const client = await RawClient.connect(server.ports[group] ?? 0, newSession());
          const reply = await client.ask(
            client.frame({ first: 1, segments: [{ low, high: 0, flags: 0, count: 1, body }] }),
          );
          const answered = reply.kind === 'rejected' ? reply.error.code : reply.failures[0]?.error.code;
          expect(answered, what).toBe(code);
        }
      }
    });
  });

  it('is refused where its keys live in another stream', async () => {
    await besideABystander(async (server) => {
      const client = await RawClient.connect(server.ports[1] ?? 0, newSession());
      const keys = Array.from({ length: 20 }, (_, at) => ({ key: `key/${at}`, by: 1, id: 'x' }));
      const reply = await client.ask(client.frame({ first: 1, segments: [segmentOf([1], 'add', keys)] }));
      if (reply.kind === 'rejected') throw reply.error;
      expect(reply.failures.length).toBeGreaterThan(0);
      expect(reply.failures.length).toBeLessThan(20);
      for (const { error } of reply.failures) expect(error.code).toBe('WRONG_STREAM');
    });
  });
});
