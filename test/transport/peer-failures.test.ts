import { createServer, type AddressInfo } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { PeerAddress } from '../../src/transport/peer-links.js';
import { listen as listenDefault } from '../../src/transport/listen.js';
import type { PeerLinksLimits } from '../../src/transport/peers/peer-links-options.js';
import { type Replica, Replicas, until } from './peer-replicas.js';
import { IMPLEMENTATIONS } from './peers.js';
import { TcpProxy } from './tcp-proxy.js';

const some = Uint8Array.of(1, 2, 3);

/** Out of reach is told of soon. */
const told = { limits: { unreachableMs: 100 } };

describe.each(IMPLEMENTATIONS)('a link whose peer fails, accepted by %s', (_name, listen) => {
  const replicas = new Replicas(listen);
  let line: TcpProxy;
  beforeEach(async () => {
    line = await TcpProxy.open();
  });
  afterEach(async () => {
    await replicas.close();
    await line.close();
  });

  const behindLine = (id: number): PeerAddress => ({ id, host: '127.0.0.1', port: line.port });

  /** Replica 1 with a link over the line to replica 2. */
  async function linked(limits: Partial<PeerLinksLimits> = {}): Promise<{
    one: Replica;
    two: Replica;
    events: string[];
    heard: () => number;
  }> {
    let heard = 0;
    const two = await replicas.open(2, {}, { message: () => heard++ });
    line.target = two.links.port;
    const events: string[] = [];
    const one = await replicas.open(
      1,
      { limits },
      { up: (peer) => events.push(`up ${peer}`), down: (peer) => events.push(`down ${peer}`) },
    );
    one.links.setPeers([behindLine(2)]);
    await until(() => events.length === 1);
    return { one, two, events, heard: () => heard };
  }

  it('is found dead when nothing comes back, and made anew', async () => {
    const { one, events, heard } = await linked({ probeMs: 20, deadMs: 200 });
    line.pause();
    await until(() => events.includes('down 2'));
    expect(one.links.send(2, [some])).toBe(false);
    line.resume();
    await until(() => events.length === 3);
    expect(one.links.send(2, [some])).toBe(true);
    await until(() => heard() === 1);
  });

  it('is found dead as soon while small messages are sent all the time, which the system takes', async () => {
    const { one, events } = await linked({ probeMs: 20, deadMs: 200 });
    line.pause();
    const start = performance.now();
    await until(() => {
      one.links.send(2, [some]);
      return events.includes('down 2');
    });
    expect(performance.now() - start).toBeLessThan(1000);
  });

  it('stays as it is while nothing is sent and nothing is wrong', async () => {
    const { events } = await linked({ probeMs: 10, deadMs: 100 });
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(events).toEqual(['up 2']);
  });

  it('with a peer that never reads is found dead, too, however much waits', async () => {
    const { one, events } = await linked({ probeMs: 20, deadMs: 300 });
    line.pause();
    const message = new Uint8Array(1_000_000);
    await until(() => {
      one.links.send(2, [message]);
      return events.includes('down 2');
    });
    expect(one.links.unsentBytes(2)).toBe(0);
  });

  it('is made anew at once when the connection breaks', async () => {
    const { one, events } = await linked();
    const start = performance.now();
    line.cut();
    await until(() => events.length === 3);
    expect(performance.now() - start).toBeLessThan(1000);
    expect(events).toEqual(['up 2', 'down 2', 'up 2']);
    expect(one.links.send(2, [some])).toBe(true);
  });

  it('is made anew as soon as the peer is back and says so, long as it was away', async () => {
    const { one, two, events } = await linked();
    await two.links.close();
    line.target = 0;
    await until(() => events.length === 2);
    // By now the waits between attempts are long.
    await new Promise((resolve) => setTimeout(resolve, 1500));
    const again = await replicas.open(2);
    line.target = again.links.port;
    const start = performance.now();
    again.links.setPeers([one.address]);
    await until(() => events.length === 3);
    expect(performance.now() - start).toBeLessThan(250);
  });

  it('is dialled more and more rarely where it is refused', async () => {
    const one = await replicas.open(1);
    const three = await replicas.open(3);
    line.target = three.links.port;
    one.links.setPeers([behindLine(2)]);
    await until(() => one.problems.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(line.made).toBe(1);
  });

  it('tells the operator once of a peer out of reach', async () => {
    const one = await replicas.open(1, told);
    one.links.setPeers([behindLine(2)]);
    await until(() => one.problems.length > 0);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(one.problems.map(({ code }) => code)).toEqual(['UNREACHABLE']);
    expect(one.problems[0]?.message).toContain(`127.0.0.1:${line.port}`);
  });

  it('is no link where something else listens', async () => {
    const server = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\nhello')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const one = await replicas.open(1, told);
    one.links.setPeers([{ id: 2, host: '127.0.0.1', port: (server.address() as AddressInfo).port }]);
    await until(() => one.problems.length > 0);
    expect(one.problems[0]?.code).toBe('UNREACHABLE');
    server.close();
  });

  it('with an address that is none harms nobody else', async () => {
    const { one, events } = await linked();
    one.links.setPeers([behindLine(2), { id: 3, host: 'no such host!', port: 1 }]);
    await until(() => one.problems.length > 0);
    expect(one.problems[0]).toMatchObject({ code: 'INVALID_CONFIG' });
    expect(events).toEqual(['up 2']);
    expect(one.links.send(2, [some])).toBe(true);
  });

  it('sends what is queued before it closes', async () => {
    const { one, heard } = await linked();
    for (let i = 0; i < 100; i++) one.links.send(2, [some]);
    await one.links.close();
    await until(() => heard() === 100);
  });

  it('leaves from the address it is told to', async () => {
    const from: (string | undefined)[] = [];
    const server = createServer((socket) => from.push(socket.remoteAddress)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const one = await replicas.open(1, { localAddress: '127.0.0.77' });
    one.links.setPeers([{ id: 2, host: '127.0.0.1', port: (server.address() as AddressInfo).port }]);
    await until(() => from.length > 0);
    expect(from[0]).toBe('127.0.0.77');
    await one.links.close();
    server.close();
  });
});

it('a replica whose host is a name dials from where it can', async () => {
  const replicas = new Replicas(listenDefault);
  const two = await replicas.open(2);
  let up = 0;
  const one = await replicas.open(1, { localAddress: 'localhost' }, { up: () => up++ });
  one.links.setPeers([two.address]);
  await until(() => up === 1);
  await replicas.close();
});
