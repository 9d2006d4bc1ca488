import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WebSocket } from 'ws';
import { decodeGoodbye, encodeHello } from '../../src/transport/handshake.js';
import type { PeerLinksOptions } from '../../src/transport/peers/peer-links-options.js';
import { seededRandom } from '../seeded-random.js';
import { helloOf, proofFor } from './peer-hellos.js';
import { IDENTITY, type Replica, Replicas, until } from './peer-replicas.js';
import { closed, connectTo, IMPLEMENTATIONS, nextMessage } from './peers.js';
import { HELLO } from './samples.js';

describe.each(IMPLEMENTATIONS)('links between replicas, accepted by %s', (_name, listen) => {
  const replicas = new Replicas(listen);
  afterEach(() => replicas.close());

  /** A socket that has said all it takes for a link, as replica `from`. */
  async function joined({ address }: Replica, from = 2, instance?: Uint8Array): Promise<WebSocket> {
    const socket = await connectTo(address.port);
    const hello = helloOf({ from, to: address.id, ...(instance === undefined ? {} : { instance }) });
    socket.send(hello);
    socket.send(proofFor(hello, await nextMessage(socket)));
    await nextMessage(socket);
    return socket;
  }

  async function lastWord(socket: WebSocket): Promise<string> {
    const { code } = decodeGoodbye(await nextMessage(socket));
    await closed(socket);
    return code;
  }

  describe('refuse, and say on both sides why and what to do', () => {
    const refusals: readonly [code: string, why: string, dialler: Partial<PeerLinksOptions>, said: RegExp][] = [
      ['WRONG_CLUSTER', "another cluster's replica", of({ cluster: 'south' }), /clusters?'.? names?/],
      ['WRONG_SERVICE', "another service's replica", of({ service: 'shop' }), /run the same one/],
      ['WRONG_EPOCH', 'another partition map', of({ epoch: 5 }), /same streams and key classes/],
      ['WRONG_GROUP', 'another group', of({ group: 1 }), /each group has its own/],
      ['UNAUTHORIZED', 'another secret', { secret: 'the secret of somebody else' }, /the same secret/],
    ];

    function of(identity: Partial<PeerLinksOptions['identity']>): Partial<PeerLinksOptions> {
      return { identity: { ...IDENTITY, ...identity } };
    }

    async function expectRefusal(one: Replica, two: Replica, code: string, said: RegExp): Promise<void> {
      await until(() => one.problems.length > 0 && two.problems.length > 0);
      for (const { problems } of [one, two]) {
        expect(problems.map((problem) => problem.code)).toEqual([code]);
        expect(problems[0]?.message).toMatch(said);
      }
      expect(one.problems[0]?.message).toContain('replica 2');
      expect(two.problems[0]?.message).toContain(`127.0.0.1:${one.address.port}`);
    }

    it.each(refusals)('%s: %s', async (code, _why, dialler, said) => {
      const one = await replicas.open(1);
      const ups: number[] = [];
      const two = await replicas.open(2, dialler, { up: (peer) => ups.push(peer) });
      two.links.setPeers([one.address]);
      await expectRefusal(one, two, code, said);
      expect(two.links.send(1, [Uint8Array.of(1)])).toBe(false);
      expect(ups).toEqual([]);
    });

    it('WRONG_REPLICA: an address at which another replica listens', async () => {
      const one = await replicas.open(1);
      const two = await replicas.open(2);
      two.links.setPeers([{ ...one.address, id: 3 }]);
      await expectRefusal(one, two, 'WRONG_REPLICA', /address of replica 3/);
    });

    it('DUPLICATE_REPLICA: a replica with the number of the one it dials', async () => {
      const one = await replicas.open(2);
      const two = await replicas.open(2);
      two.links.setPeers([{ ...one.address, id: 1 }]);
      await expectRefusal(one, two, 'DUPLICATE_REPLICA', /a number of its own/);
    });

    it('DUPLICATE_REPLICA: the older of two replicas with one number, when it comes back', async () => {
      const one = await replicas.open(1);
      const older = await replicas.open(2);
      older.links.setPeers([one.address]);
      await until(() => older.links.send(1, [Uint8Array.of(1)]));
      const newer = await replicas.open(2);
      newer.links.setPeers([one.address]);
      await until(() => newer.links.send(1, [Uint8Array.of(1)]));
      await until(() => older.problems.length > 0 && one.problems.length > 0);
      expect(older.problems[0]).toMatchObject({ code: 'DUPLICATE_REPLICA' });
      expect(one.problems[0]).toMatchObject({ code: 'DUPLICATE_REPLICA' });
      expect(newer.links.send(1, [Uint8Array.of(1)])).toBe(true);
      expect(newer.problems).toEqual([]);
    });

    it('PROTOCOL_VERSION: a replica of another version, with both versions', async () => {
      const one = await replicas.open(1);
      const socket = await connectTo(one.address.port);
      socket.send(helloOf({ protocol: 99 }));
      const { code, message } = decodeGoodbye(await nextMessage(socket));
      expect(code).toBe('PROTOCOL_VERSION');
      expect(message).toMatch(/version 99 .*version 3: upgrade psmr on the replica that listens/);
      expect(one.problems.map((problem) => problem.code)).toEqual(['PROTOCOL_VERSION']);
    });

    it('tells a stranger no name that it does not know', async () => {
      const one = await replicas.open(1);
      const socket = await connectTo(one.address.port);
      socket.send(helloOf({ cluster: 'guess' }));
      const { message } = decodeGoodbye(await nextMessage(socket));
      expect(message).not.toContain(IDENTITY.cluster);
    });

    it('sends clients to where they belong', async () => {
      const one = await replicas.open(1);
      const socket = await connectTo(one.address.port);
      socket.send(encodeHello(HELLO));
      expect(decodeGoodbye(await nextMessage(socket)).message).toContain('clients use');
    });

    it('log a cause once, however often it comes', async () => {
      const one = await replicas.open(1);
      for (let i = 0; i < 5; i++) {
        const socket = await connectTo(one.address.port);
        socket.send(helloOf({ cluster: 'south' }));
        expect(await lastWord(socket)).toBe('WRONG_CLUSTER');
      }
      expect(one.problems).toHaveLength(1);
    });

    it('do not let strangers fill the log', async () => {
      const one = await replicas.open(1);
      for (let i = 0; i < 150; i++) {
        const socket = await connectTo(one.address.port);
        socket.send(helloOf({ cluster: `cluster ${i}` }));
        await closed(socket);
      }
      expect(one.problems.length).toBeLessThanOrEqual(100);
    });

    it('a secret that can be guessed', async () => {
      await expect(replicas.open(1, { secret: 'short' })).rejects.toMatchObject({ code: 'INVALID_CONFIG' });
    });
  });

  it('is not up with a listener that does not know the secret', async () => {
    const impostor = await replicas.open(1, { secret: 'the secret of somebody else' });
    const two = await replicas.open(2);
    two.links.setPeers([impostor.address]);
    await until(() => two.problems.length > 0);
    expect(two.problems[0]?.code).toBe('UNAUTHORIZED');
  });

  describe('strangers', () => {
    let one: Replica;
    let heard: Uint8Array[];
    beforeEach(async () => {
      heard = [];
      one = await replicas.open(
        1,
        { limits: { handshakeMs: 150 } },
        { message: (_from, bytes) => heard.push(Uint8Array.from(bytes)) },
      );
    });

    /** A link still works, and nothing but what it carries has been heard. */
    async function expectUnharmed(): Promise<void> {
      const two = await replicas.open(2);
      two.links.setPeers([one.address]);
      await until(() => two.links.send(1, [Uint8Array.of(1, 2, 3)]));
      await until(() => heard.length > 0);
      expect(heard).toEqual([Uint8Array.of(1, 2, 3)]);
    }

    it('are cut off when they say nothing', async () => {
      await closed(await connectTo(one.address.port));
      await expectUnharmed();
    });

    it('are cut off when they do not finish', async () => {
      const socket = await connectTo(one.address.port);
      socket.send(helloOf({}));
      await closed(socket);
    });

    it('send no message before they have proved who they are', async () => {
      const socket = await connectTo(one.address.port);
      socket.send(Uint8Array.of(1, 0, 0, 0, 7));
      expect(await lastWord(socket)).toBe('BAD_FRAME');
      const impatient = await connectTo(one.address.port);
      impatient.send(helloOf({}));
      impatient.send(Uint8Array.of(1, 0, 0, 0, 7));
      await closed(impatient);
      await expectUnharmed();
    });

    it('cannot use a proof again that they have overheard', async () => {
      const first = await connectTo(one.address.port);
      const hello = helloOf({});
      first.send(hello);
      const proof = proofFor(hello, await nextMessage(first));
      const second = await connectTo(one.address.port);
      second.send(hello);
      await nextMessage(second);
      second.send(proof);
      expect(await lastWord(second)).toBe('UNAUTHORIZED');
      first.terminate();
    });

    it('cannot change a name in the HELLO of another', async () => {
      const socket = await connectTo(one.address.port);
      const nonce = new Uint8Array(32).fill(9);
      socket.send(helloOf({ from: 3, nonce }));
      socket.send(proofFor(helloOf({ from: 2, nonce }), await nextMessage(socket)));
      expect(await lastWord(socket)).toBe('UNAUTHORIZED');
    });

    it('cannot send much', async () => {
      const socket = await connectTo(one.address.port);
      socket.send(new Uint8Array(5000).fill(16));
      expect(await lastWord(socket)).toBe('BAD_FRAME');
      const greedy = await connectTo(one.address.port);
      greedy.on('error', () => undefined);
      greedy.send(new Uint8Array(10_000_000));
      await closed(greedy);
      await expectUnharmed();
    });

    it('do not keep replicas away, however many they are and however long they stay', async () => {
      const besieged = await replicas.open(1, { limits: { handshakeMs: 60_000 } });
      const idle: WebSocket[] = [];
      for (let i = 0; i < 200; i++) idle.push(await connectTo(besieged.address.port));
      const two = await replicas.open(2);
      two.links.setPeers([besieged.address]);
      await until(() => two.links.send(1, [Uint8Array.of(1)]));
      for (const socket of idle) socket.terminate();
    });

    it('send garbage in vain', async () => {
      const random = seededRandom(Number(process.env['FAST_CHECK_SEED']));
      for (let i = 0; i < 60; i++) {
        const socket = await connectTo(one.address.port);
        socket.on('error', () => undefined);
        const hello = helloOf({});
        const spoilt = Uint8Array.from(hello);
        for (let n = 0; n < 3; n++) spoilt[Math.floor(random() * spoilt.length)] = Math.floor(random() * 256);
        socket.send(i % 2 === 0 ? spoilt : spoilt.subarray(0, Math.floor(random() * spoilt.length)));
        socket.send(Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256)));
        await closed(socket);
      }
      await expectUnharmed();
    });
  });

  describe('a peer that has proved who it is', () => {
    it('is told when it announces too large a message, and nobody else notices', async () => {
      const heard: number[] = [];
      const one = await replicas.open(
        1,
        { limits: { messageBytesMax: 1000 } },
        { message: (from, bytes) => heard.push(from, bytes.byteLength) },
      );
      const bystander = await joined(one, 3);
      const socket = await joined(one);
      socket.send(Uint8Array.of(1, 0, 0, 0, 42, 0xe9, 3, 0, 0));
      expect(await lastWord(socket)).toBe('FRAME_TOO_LARGE');
      expect(one.problems.map(({ code }) => code)).toEqual(['FRAME_TOO_LARGE']);
      bystander.send(Uint8Array.of(2, 0, 0, 0, 42, 43));
      await until(() => heard.length === 4);
      expect(heard).toEqual([2, 1, 3, 2]);
      bystander.terminate();
    });

    it('may vanish in the middle of a message: its next connection starts afresh', async () => {
      const heard: string[] = [];
      const one = await replicas.open(1, {}, { message: (_from, bytes) => heard.push(Buffer.from(bytes).toString()) });
      const socket = await joined(one);
      socket.send(Buffer.from([3, 0, 0, 0, ...Buffer.from('one'), 200, 0, 0, 0, ...Buffer.from('half of')]));
      await until(() => heard.length === 1);
      socket.terminate();
      const again = await joined(one);
      again.send(Buffer.from([3, 0, 0, 0, ...Buffer.from('two')]));
      await until(() => heard.length === 2);
      expect(heard).toEqual(['one', 'two']);
      again.terminate();
    });

    it('is heard on its newest connection alone', async () => {
      const heard: number[] = [];
      const one = await replicas.open(1, {}, { message: (_from, bytes) => heard.push(bytes[0] ?? -1) });
      const instance = new Uint8Array(16).fill(5);
      const former = await joined(one, 2, instance);
      const newest = await joined(one, 2, instance);
      former.send(Uint8Array.of(1, 0, 0, 0, 66));
      newest.send(Uint8Array.of(1, 0, 0, 0, 67));
      await until(() => heard.length > 0);
      await closed(former);
      expect(heard).toEqual([67]);
      newest.terminate();
    });

    it('reads what is cut anywhere', async () => {
      const heard: string[] = [];
      const one = await replicas.open(1, {}, { message: (_from, bytes) => heard.push(Buffer.from(bytes).toString()) });
      const socket = await joined(one);
      const random = seededRandom(Number(process.env['FAST_CHECK_SEED']));
      const sent = Array.from({ length: 300 }, (_, i) => `${i}:${'x'.repeat(Math.floor(random() * 40))}`);
      const stream = Buffer.concat(sent.flatMap((t) => [Buffer.from([t.length, 0, 0, 0]), Buffer.from(t)]));
      for (let at = 0; at < stream.length;) {
        const end = at + Math.floor(random() * 25);
        socket.send(stream.subarray(at, end));
        at = end;
      }
      await until(() => heard.length === sent.length);
      expect(heard).toEqual(sent);
      socket.terminate();
    });
  });
});
