import { once } from 'node:events';
import { connect as connectSocket, createServer, type AddressInfo, type Server } from 'node:net';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { connect, type Engine } from 'psmr';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import ledger from './services/ledger.js';
import { startEngine } from './temporary.js';

const service = serviceUrl('ledger');
const HOST = '127.0.0.1';

async function occupiedPort(): Promise<{ port: number; server: Server }> {
  const server = createServer().listen(0, HOST);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { port: (server.address() as AddressInfo).port, server };
}

/** A port that was free a moment ago. */
async function freePort(): Promise<number> {
  const { port, server } = await occupiedPort();
  server.close();
  await once(server, 'close');
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connectSocket(port, HOST);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function works(url: string): Promise<void> {
  const client = await connect<typeof ledger>({ replicas: [url], service: ledger });
  await client.execute('add', { key: 'a', by: 1, id: url });
  await client.close();
}

const start = (): Promise<Engine> => startEngine({ service, streams: 2 });

describe('an engine that listens', () => {
  it('leaves nothing open when one endpoint cannot be opened, and can listen then', async () => {
    const engine = await start();
    const [first, second, { port: taken }] = await Promise.all([freePort(), freePort(), occupiedPort()]);
    const streams = [{ port: second }, { port: taken }];
    const error = await rejectionOf(engine.listen({ port: first, streams, http: null }));
    expect(error.code).toBe('ADDRESS_IN_USE');
    expect([await isOpen(first), await isOpen(second)]).toEqual([false, false]);
    const { url } = await engine.listen({ port: first, streams: [{ port: second }, { port: 0 }], http: null });
    await works(url);
  });

  it('says when the ports from the first on would not do for all streams', async () => {
    const error = await rejectionOf((await start()).listen({ port: 65_534, http: null }));
    expect([error.code, error.message]).toEqual([
      'INVALID_CONFIG',
      "The configuration is wrong at 'port': found 65534; it accepts one with room for 3 ports.",
    ]);
  });

  it('leaves nothing open when the HTTP endpoint cannot be opened', async () => {
    const engine = await start();
    const [port, { port: taken }] = await Promise.all([freePort(), occupiedPort()]);
    const streams = [{ port: 0 }, { port: 0 }];
    const error = await rejectionOf(engine.listen({ port, streams, http: { port: taken } }));
    expect(error.code).toBe('ADDRESS_IN_USE');
    expect(await isOpen(port)).toBe(false);
  });

  it('gives calls at the same time the same endpoints', async () => {
    const engine = await start();
    const [one, two] = await Promise.all([
      engine.listen({ port: 0, http: null }),
      engine.listen({ port: 0, http: null }),
    ]);
    expect(two.endpoints).toEqual(one.endpoints);
    await works(two.url);
  });

  it('closes all of them, connections too, and listens again', async () => {
    const engine = await start();
    const listening = await engine.listen({ port: 0, http: { port: 0 } });
    const client = await connect<typeof ledger>({ replicas: [listening.url], service: ledger, requestTimeoutMs: 300 });
    await client.execute('add', { key: 'a', by: 1, id: 'first' });
    const ports = [...listening.endpoints.map(({ port }) => port), listening.http?.port ?? 0];
    await listening.close();
    for (const port of ports) expect(await isOpen(port)).toBe(false);
    await vi.waitFor(() => expect(engine.stats().groups.map((group) => group.connections)).toEqual([0, 0, 0]));
    const again = await engine.listen({ port: 0, http: null });
    await works(again.url);
    await listening.close(); // closed already: those opened since stay
    await works(again.url);
    await client.close();
  });

  it('stops while it opens them', async () => {
    const engine = await start();
    const listening = engine.listen({ port: 0, http: null }).catch((error: unknown) => error);
    await engine.stop();
    await listening;
  });
});
