import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { Client } from '../../src/client/client.js';
import { connect, type ConnectOptions } from '../../src/client/connect.js';
import { defineService } from '../../src/service/define-service.js';
import { bank } from './bank.js';
import { StubServer } from './stub-server.js';

type Bank = typeof bank;

describe('a client connected over WebSocket', () => {
  const open: { close(): Promise<void> }[] = [];

  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });

  async function start(server = new StubServer()): Promise<{ server: StubServer; port: number }> {
    const port = await server.start();
    open.push({ close: () => server.stop() });
    return { server, port };
  }

  async function connectTo(port: number, options: Partial<ConnectOptions<Bank>> = {}): Promise<Client<Bank>> {
    const client = await connect<Bank>({ replicas: [`ws://127.0.0.1:${port}`], service: bank, ...options });
    open.push(client);
    return client;
  }

  it('sends each command to the group of its keys', async () => {
    const { server, port } = await start();
    const client = await connectTo(port);
    const accounts = Array.from({ length: 50 }, (_, i) => `account ${i}`);
    const outcomes = await client.executeBatch(accounts.map((account) => ['deposit', { account, amount: 1 }] as const));
    expect(outcomes).toEqual(
      accounts.map((account) => ({ ok: true, value: { group: server.map.streamOf(account), name: 'deposit' } })),
    );
    const other = accounts.find((account) => server.map.streamOf(account) !== server.map.streamOf('a')) ?? '';
    expect(await client.execute('transfer', { from: 'a', to: other })).toEqual({ group: 0, name: 'transfer' });
    expect(await client.execute('transfer', { from: 'a', to: 'a' })).toMatchObject({ group: server.map.streamOf('a') });
    expect(await client.execute('total')).toEqual({ group: 0, name: 'total' });
  });

  it('carries commands of a megabyte and refuses larger ones before anything is sent', async () => {
    const { server, port } = await start();
    const client = await connectTo(port);
    await client.execute('note', { account: 'a', text: 'x'.repeat(1_000_000) });
    const tooLarge = client.execute('note', { account: 'a', text: new Uint8Array(10_000_000) });
    await expect(tooLarge).rejects.toMatchObject({ code: 'COMMAND_TOO_LARGE' });
    expect(server.frames).toHaveLength(1);
  });

  it('asks whether the port is one of HTTP where HTTP answers', async () => {
    const server = createServer((_request, response) => response.end()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await expect(connectTo(port)).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('is it the port of HTTP?') as string,
    });
    server.close();
  });

  it('goes on after its server was started anew, at other ports', async () => {
    const { port } = await start();
    const server = new StubServer();
    await open.pop()?.close();
    await server.start(port);
    open.push({ close: () => server.stop() });
    const client = await connectTo(port);
    await client.execute('deposit', { account: 'a', amount: 1 });
    await server.stop();
    const during = client.execute('deposit', { account: 'a', amount: 2 });
    await server.start(port);
    expect(await during).toMatchObject({ name: 'deposit' });
  });

  it('tries every replica, and names each with the reason where none answers', async () => {
    const { port } = await start();
    const dead = ['ws://127.0.0.1:1', 'ws://127.0.0.1:2'];
    await connectTo(port, { replicas: [...dead, `ws://127.0.0.1:${port}`] });
    await expect(connectTo(port, { replicas: dead })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/127\.0\.0\.1:1: .*ECONNREFUSED.*127\.0\.0\.1:2: .*ECONNREFUSED/s) as unknown,
    });
  });

  it('says so where its token, its service or an address is wrong', async () => {
    const server = new StubServer();
    server.token = 'secret';
    const { port } = await start(server);
    await connectTo(port, { token: 'secret' });
    await expect(connectTo(port)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    await expect(connectTo(port, { token: 'guess' })).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
    const shop = defineService({ name: 'shop', commands: { buy: { keys: () => ['x'], execute: () => 0 } } });
    const replicas = [`ws://127.0.0.1:${port}`];
    await expect(connect({ replicas, service: shop, token: 'secret' })).rejects.toMatchObject({
      code: 'WRONG_SERVICE',
    });
    for (const wrong of [[], ['127.0.0.1:7400'], ['http://127.0.0.1'], ['']])
      await expect(connectTo(port, { replicas: wrong })).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('gives up a command without an answer when its time is over, and says that its outcome is unknown', async () => {
    const { server, port } = await start();
    const client = await connectTo(port, { requestTimeoutMs: 100 });
    server.answering = false;
    await expect(client.execute('deposit', { account: 'a', amount: 1 })).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
    });
    await expect(client.execute('balance', { account: 'a' })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    server.answering = true;
    expect(await client.execute('deposit', { account: 'a', amount: 1 })).toMatchObject({ name: 'deposit' });
  });

  it('says that a command was not executed where the server was gone all the time', async () => {
    const { server, port } = await start();
    const client = await connectTo(port, { requestTimeoutMs: 100 });
    await server.stop();
    await expect(client.execute('deposit', { account: 'a', amount: 1 })).rejects.toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('ECONNREFUSED') as unknown,
    });
  });

  it('ends every call when it is closed', async () => {
    const { server, port } = await start();
    const client = await connectTo(port);
    await client.execute('deposit', { account: 'a', amount: 1 });
    server.answering = false;
    const sent = client.execute('deposit', { account: 'a', amount: 1 });
    while (server.frames.length < 2) await new Promise((resolve) => setImmediate(resolve));
    const unsent = client.execute('deposit', { account: 'a', amount: 1 });
    await Promise.all([client.close(), client.close()]);
    await expect(sent).rejects.toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    await expect(unsent).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
    await expect(client.execute('total')).rejects.toMatchObject({ code: 'CLIENT_CLOSED' });
  });

  it('connects over TLS to a server whose certificate it trusts', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'psmr-client-tls-'));
    const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
    const files = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile];
    execFileSync('openssl', [...request.split(' '), ...files], { stdio: 'pipe' });
    const server = new StubServer();
    const port = await server.start(0, { tls: { certFile, keyFile } });
    open.push({ close: () => server.stop() });
    const replicas = [`wss://127.0.0.1:${port}`];
    const client = await connectTo(port, { replicas, tls: { ca: readFileSync(certFile) } });
    expect(await client.execute('total')).toMatchObject({ name: 'total' });
    await expect(connectTo(port, { replicas })).rejects.toMatchObject({ code: 'UNREACHABLE' });
    rmSync(folder, { recursive: true });
  });
});
