import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Endpoint, EndpointOptions } from '../../src/transport/endpoint.js';
import { decodeGoodbye } from '../../src/transport/handshake.js';
import { closed, connectTo, Echo, IMPLEMENTATIONS, nextMessage, OPTIONS } from './peers.js';

describe.each(IMPLEMENTATIONS)('an endpoint on %s', (_name, listen) => {
  let open: Endpoint[] = [];

  async function start(options: Partial<EndpointOptions> = {}): Promise<{ endpoint: Endpoint; echo: Echo }> {
    const echo = new Echo();
    const endpoint = await listen({ ...OPTIONS, ...options }, echo);
    open.push(endpoint);
    return { endpoint, echo };
  }

  afterEach(async () => {
    await Promise.all(open.map((endpoint) => endpoint.close()));
    open = [];
  });

  it('carries messages from none to millions of bytes both ways, unchanged', async () => {
    const { endpoint } = await start();
    const socket = await connectTo(endpoint.port);
    for (const size of [0, 1, 125, 126, 65_535, 65_536, 3_000_000]) {
      const message = Uint8Array.from({ length: size }, (_, i) => (i * 31 + size) % 251);
      socket.send(message);
      expect(Buffer.compare(await nextMessage(socket), message)).toBe(0);
    }
  });

  it('keeps the order of messages', async () => {
    const { endpoint } = await start();
    const socket = await connectTo(endpoint.port);
    const received: number[] = [];
    const all = new Promise<void>((resolve) => {
      socket.on('message', (data) => {
        if (data instanceof Buffer) received.push(data.readUInt32LE());
        if (received.length === 1000) resolve();
      });
    });
    const sent = Array.from({ length: 1000 }, (_, i) => i);
    for (const number of sent) socket.send(Uint8Array.from(new Uint8Array(Uint32Array.of(number).buffer)));
    await all;
    expect(received).toEqual(sent);
  });

  it('names host and port where the address is in use', async () => {
    const { endpoint } = await start();
    await expect(start({ port: endpoint.port })).rejects.toMatchObject({
      code: 'ADDRESS_IN_USE',
      message: expect.stringContaining(`127.0.0.1:${endpoint.port}`) as unknown,
    });
  });

  it("says what is wrong with a host that is not this machine's", async () => {
    await expect(start({ host: '192.0.2.1' })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining('192.0.2.1') as unknown,
    });
  });

  it('tells the sender of a frame over the limit why it is disconnected, and nobody else notices', async () => {
    const { endpoint } = await start({ frameBytesMax: 1000 });
    const [greedy, modest] = await Promise.all([connectTo(endpoint.port), connectTo(endpoint.port)]);
    greedy.send(new Uint8Array(1001));
    expect(decodeGoodbye(await nextMessage(greedy)).code).toBe('FRAME_TOO_LARGE');
    await closed(greedy);
    modest.send(new Uint8Array(1000));
    expect(await nextMessage(modest)).toHaveLength(1000);
  });

  it('cuts off the sender of a frame far over the limit', async () => {
    const { endpoint, echo } = await start({ frameBytesMax: 1000 });
    const socket = await connectTo(endpoint.port);
    socket.on('error', () => undefined);
    const { only } = echo;
    socket.send(new Uint8Array(10_000_000));
    await Promise.all([closed(socket), echo.gone(only)]);
    expect(endpoint.connections).toBe(0);
  });

  it('notices a client that vanishes', async () => {
    const { endpoint, echo } = await start();
    const socket = await connectTo(endpoint.port);
    const { only } = echo;
    socket.terminate();
    await echo.gone(only);
    expect(endpoint.connections).toBe(0);
    expect(only.send(new Uint8Array(1))).toBe(false);
  });

  it('disconnects a client that never reads, at a bounded amount of memory', async () => {
    const { endpoint, echo } = await start();
    const socket = await connectTo(endpoint.port);
    socket.pause();
    const { only } = echo;
    const message = new Uint8Array(65_536);
    let sent = 0;
    // The sockets of both sides hold some megabytes of their own before anything waits here.
    while (only.send(message)) {
      sent += message.byteLength;
      expect(sent).toBeLessThan(64 * OPTIONS.unreadBytesMax);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await echo.gone(only);
    expect(endpoint.connections).toBe(0);
    socket.terminate();
  });

  it('holds no more connections than allowed', async () => {
    const { endpoint, echo } = await start({ connectionsMax: 2 });
    const first = await connectTo(endpoint.port);
    await connectTo(endpoint.port);
    await expect(connectTo(endpoint.port)).rejects.toThrow('503');
    const [connection] = echo.connections.values();
    first.close();
    if (connection !== undefined) await echo.gone(connection);
    await connectTo(endpoint.port);
  });

  it('serves 2,000 connections at a time', async () => {
    const { endpoint } = await start();
    const sockets: WebSocket[] = [];
    for (let block = 0; block < 20; block++) {
      sockets.push(...(await Promise.all(Array.from({ length: 100 }, () => connectTo(endpoint.port)))));
    }
    expect(endpoint.connections).toBe(2000);
    const answers = sockets.map((socket) => nextMessage(socket));
    sockets.forEach((socket, i) => socket.send(Uint8Array.of(i % 256)));
    const received = await Promise.all(answers);
    expect(received.map(([byte]) => byte)).toEqual(sockets.map((_, i) => i % 256));
  });

  it('sends what is queued before it closes a connection', async () => {
    const { endpoint, echo } = await start();
    const socket = await connectTo(endpoint.port);
    const { only } = echo;
    only.send(new Uint8Array(500_000));
    only.close();
    only.close();
    expect(await nextMessage(socket)).toHaveLength(500_000);
    await closed(socket);
  });

  it('lets go of its port and its connections when it is closed', async () => {
    const { endpoint: former } = await start();
    await former.close();
    const { endpoint } = await start({ port: former.port });
    const socket = await connectTo(endpoint.port);
    await Promise.all([endpoint.close(), endpoint.close(), closed(socket)]);
    expect(endpoint.connections).toBe(0);
    const { endpoint: next } = await start({ port: former.port });
    expect(next.port).toBe(former.port);
  });

  it('answers plain HTTP with what to do instead', async () => {
    const { endpoint } = await start();
    const response = await fetch(`http://127.0.0.1:${endpoint.port}/`);
    expect(response.status).toBe(426);
    expect(await response.text()).toContain('WebSocket');
  });

  describe('with TLS', () => {
    const folder = mkdtempSync(join(tmpdir(), 'psmr-tls-'));
    const certFile = join(folder, 'cert.pem');
    const keyFile = join(folder, 'key.pem');
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
    ];
    const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'];
    execFileSync('openssl', [...request, '-keyout', keyFile, '-out', certFile, ...subject], { stdio: 'pipe' });
    afterAll(() => rmSync(folder, { recursive: true }));

    it('serves clients that trust its certificate', async () => {
      const { endpoint } = await start({ tls: { certFile, keyFile } });
      const socket = new WebSocket(`wss://127.0.0.1:${endpoint.port}`, { ca: readFileSync(certFile) });
      await once(socket, 'open');
      socket.send(Uint8Array.of(7));
      expect(await nextMessage(socket)).toEqual(Uint8Array.of(7));
    });

    it('closes although somebody has connected and says nothing', async () => {
      const { endpoint } = await start({ tls: { certFile, keyFile } });
      const silent = connect(endpoint.port, '127.0.0.1');
      silent.on('error', () => undefined);
      await once(silent, 'connect');
      // It is accepted behind that one, in the order in which they came.
      await once(new WebSocket(`wss://127.0.0.1:${endpoint.port}`, { ca: readFileSync(certFile) }), 'open');
      const cutOff = once(silent.resume(), 'close');
      await endpoint.close();
      await cutOff;
    });

    it('is refused by clients that do not', async () => {
      const { endpoint } = await start({ tls: { certFile, keyFile } });
      const socket = new WebSocket(`wss://127.0.0.1:${endpoint.port}`);
      await expect(once(socket, 'open')).rejects.toThrow('self-signed certificate');
    });

    it('names a file that is missing or is no certificate', async () => {
      const missing = join(folder, 'none.pem');
      await expect(start({ tls: { certFile: missing, keyFile } })).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
        message: expect.stringContaining(missing) as unknown,
      });
      const garbage = join(folder, 'garbage.pem');
      writeFileSync(garbage, 'not a certificate');
      await expect(start({ tls: { certFile: garbage, keyFile } })).rejects.toMatchObject({
        code: 'INVALID_CONFIG',
        message: expect.stringContaining(garbage) as unknown,
      });
    });
  });
});
