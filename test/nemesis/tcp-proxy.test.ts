import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type ProxyOptions, TcpProxy } from './tcp-proxy.js';

interface Pair {
  readonly proxy: TcpProxy;
  readonly client: Socket;
  readonly server: Socket;
}

async function proxied(options: Omit<ProxyOptions, 'server'> = {}): Promise<Pair> {
  const listener = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  const proxy = await TcpProxy.start({ server: { host: '127.0.0.1', port }, ...options });
  const accepted = once(listener, 'connection') as Promise<[Socket]>;
  const client = dial(proxy);
  const [server] = await accepted;
  server.on('error', () => undefined);
  onTestFinished(async () => {
    client.destroy();
    server.destroy();
    listener.close();
    await proxy.close();
  });
  return { proxy, client, server };
}

function dial(proxy: TcpProxy): Socket {
  const socket = connect({ port: proxy.port, host: '127.0.0.1', allowHalfOpen: true });
  socket.on('error', () => undefined);
  return socket;
}

/** Whether it was closed by an error, such as a reset. */
function closing(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => socket.once('close', resolve));
}

/** Resolves with the time that it takes until so many bytes have come, ms. */
async function arrival(socket: Socket, bytes: number): Promise<number> {
  const started = performance.now();
  let received = 0;
  while (received < bytes) received += ((await once(socket, 'data')) as [Buffer])[0].length;
  return performance.now() - started;
}

describe('a TCP proxy', () => {
  it('passes everything in both directions, and the end', async () => {
    const { client, server, proxy } = await proxied();
    const [connection] = proxy.connections;
    const sent = Buffer.alloc(3_000_000, 'abcdefg');
    const received: Buffer[] = [];
    server.on('data', (bytes: Buffer) => received.push(bytes));
    client.end(sent);
    await once(server, 'end');
    expect(Buffer.concat(received).equals(sent)).toBe(true);
    server.end('reply');
    expect(((await once(client, 'data')) as [Buffer])[0].toString()).toBe('reply');
    await connection?.closed;
    expect(connection?.passed('toServer')).toBe(3_000_000);
    expect(connection?.passed('toClient')).toBe(5);
  });

  it('delays, within limits, one direction only', async () => {
    const { client, server, proxy } = await proxied();
    proxy.shape('toServer', { delayMs: [80, 120] });
    client.write('slow');
    expect(await arrival(server, 4)).toBeGreaterThan(75);
    server.write('fast');
    expect(await arrival(client, 4)).toBeLessThan(75);
  });

  it('keeps the order of what it delays, also when the delay ends', async () => {
    const { client, server, proxy } = await proxied();
    const received: Buffer[] = [];
    server.on('data', (bytes: Buffer) => received.push(bytes));
    proxy.shape('toServer', { delayMs: [0, 30] });
    for (let nth = 0; nth < 50; nth++) {
      client.write(`${nth},`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    proxy.heal();
    client.end();
    await once(server, 'end');
    expect(Buffer.concat(received).toString()).toBe(Array.from({ length: 50 }, (_, nth) => `${nth},`).join(''));
  });

  it('stalls one direction, holds little, and then gives all of it', async () => {
    const { client, server, proxy } = await proxied();
    proxy.shape('toServer', { stalled: true });
    const total = 64 << 20;
    let taken = true;
    client.write(Buffer.alloc(total), () => (taken = false));
    server.write('alive');
    await arrival(client, 5);
    expect(proxy.connections.values().next().value?.passed('toServer')).toBe(0);
    expect(taken, 'the sender has to wait').toBe(true);
    const all = arrival(server, total);
    proxy.heal();
    await all;
  });

  it('limits throughput', async () => {
    const { client, server, proxy } = await proxied();
    proxy.shape('toServer', { bytesPerSecond: 100_000 });
    client.write(Buffer.alloc(30_000));
    const ms = await arrival(server, 30_000);
    expect(ms).toBeGreaterThan(200);
  });

  it('cuts connections with a reset on both sides', async () => {
    const { client, server, proxy } = await proxied();
    client.write('x');
    await arrival(server, 1);
    const failed = Promise.all([closing(client), closing(server)]);
    const [connection] = proxy.connections;
    proxy.cut();
    expect(await failed).toEqual([true, true]);
    await connection?.closed;
    expect(proxy.connections.size).toBe(0);
  });

  it('cuts also what has ended and was not yet taken', async () => {
    const { client, server, proxy } = await proxied();
    const [connection] = proxy.connections;
    server.pause();
    client.end(Buffer.alloc(8 << 20));
    server.end();
    await once(client.resume(), 'end');
    const failed = closing(client);
    proxy.cut();
    await connection?.closed;
    expect(await failed).toBe(true);
  });

  it('closes one direction and keeps the other', async () => {
    const { client, server, proxy } = await proxied();
    client.write('x');
    await arrival(server, 1);
    const ended = once(server, 'end');
    server.resume();
    proxy.connections.values().next().value?.halfClose('toServer');
    await ended;
    server.write('still');
    expect(await arrival(client, 5)).toBeGreaterThan(0);
  });

  it('refuses new connections, or leaves them without an answer, until it is healed', async () => {
    const { proxy } = await proxied();
    proxy.accepts = 'none';
    const refused = dial(proxy);
    expect(await closing(refused)).toBe(true);
    proxy.accepts = 'hang';
    const hanging = dial(proxy);
    await once(hanging, 'connect');
    const closed = closing(hanging);
    hanging.write('hello?');
    expect(proxy.connections.size).toBe(1);
    proxy.heal();
    expect(await closed).toBe(true);
  });
});
