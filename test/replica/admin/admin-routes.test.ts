import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ReplicaHttp } from '../../../src/replica/admin/replica-http.js';
import {
  authorizationHeader,
  Challenges,
  parseChallengeHeader,
  requestProof,
} from '../../../src/replica/admin/request-proof.js';
import { jsonAnswer, openHttpEndpoint, type HttpAnswer } from '../../../src/replica/http-endpoint.js';
import { FakeCluster, SECRET } from './fake-cluster.js';

const failure = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error);
const at = (url: string, secret: string | null = SECRET): ReplicaHttp =>
  new ReplicaHttp({ url, secret, timeoutMs: 2000 });

describe("a replica's HTTP endpoint", () => {
  it('tells its status to everybody', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    const status = cluster.replicas.get(2)?.status();
    expect(await at(cluster.urlOf(2), null).get('/status')).toEqual(status);
  });

  it('does what it is asked to by those who know the secret', async () => {
    const cluster = await FakeCluster.start([1, 2, 3]);
    const leader = at(cluster.urlOf(2));
    expect(await leader.post('/leader', { group: 1, to: 3 })).toEqual({ progress: 'under way' });
    expect(await leader.post('/leader', { group: 1, to: 3 })).toEqual({ progress: 'done' });
    expect(cluster.group(1)).toMatchObject({ leader: 3, term: 5 });
    expect(await failure(leader.post('/leader', { group: 1, to: 1 }))).toMatchObject({
      code: 'NOT_LEADER',
      details: { leader: 3 },
    });
  });

  it.each([
    ['/leader', { group: 1 }, "POST /leader is wrong at 'to'"],
    ['/leader', { group: 9, to: 1 }, 'There is no group 9: groups are 0 to 2'],
    ['/members', { group: 1 }, 'it accepts { "group": 1, "add": 4 } or'],
    ['/replicas', { replica: { id: 4 } }, "wrong at 'replica.hosts'"],
  ])('refuses %s %j, saying what it accepts', async (path, body, complaint) => {
    const cluster = await FakeCluster.start([1]);
    expect(await failure(at(cluster.urlOf(1)).post(path, body))).toMatchObject({
      code: 'INVALID_ARGUMENT',
      message: expect.stringContaining(complaint) as string,
    });
  });

  it('refuses who has no secret, or another one; and nothing is done', async () => {
    const cluster = await FakeCluster.start([1]);
    for (const secret of [null, 'another secret']) {
      const error = await failure(at(cluster.urlOf(1), secret).post('/checkpoint', {}));
      expect(error).toMatchObject({ code: 'UNAUTHORIZED' });
    }
    for (const path of ['checkpoint', 'leader', 'members', 'replicas'])
      expect((await fetch(`${cluster.urlOf(1)}/${path}`, { method: 'POST' })).status).toBe(401);
    expect(cluster.done).toEqual([]);
  });

  it('takes a proof once, for the request it was made for, and not long after', async () => {
    const cluster = await FakeCluster.start([1]);
    const url = `${cluster.urlOf(1)}/checkpoint`;
    const ask = (authorization?: string, body = '{}'): Promise<Response> =>
      fetch(url, { method: 'POST', body, headers: authorization === undefined ? {} : { authorization } });
    const challenge = parseChallengeHeader((await ask()).headers.get('www-authenticate') ?? '') ?? '';
    const request = { method: 'POST', target: '/checkpoint', body: Buffer.from('{}') };
    const header = authorizationHeader(challenge, requestProof(SECRET, challenge, request));
    expect((await ask(header, '{ }')).status).toBe(401);
    expect((await ask(header)).status).toBe(200);
    const replayed = await ask(header);
    expect([replayed.status, await replayed.text()]).toEqual([401, expect.stringContaining('used or too old')]);
    expect(cluster.done).toEqual(['checkpoint']);
  });

  it('is not believed where it does not know the secret itself', async () => {
    const imposter = createServer((request, response) => {
      const challenge = new Challenges(() => 0, randomBytes).issue();
      const known = request.headers.authorization !== undefined;
      response.writeHead(known ? 200 : 401, known ? {} : { 'www-authenticate': `PSMR ${challenge}` });
      response.end(known ? '{"progress":"done"}' : '{}');
    });
    await new Promise<void>((resolve) => imposter.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void imposter.close());
    const address = imposter.address();
    const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
    const error = await failure(at(`http://127.0.0.1:${port}`).post('/leader', { group: 1, to: 1 }));
    expect(error).toMatchObject({ code: 'UNAUTHORIZED', message: expect.stringContaining('does not prove') as string });
  });

  it('speaks TLS where it is told to, and is believed by those who trust its authority', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'psmr-admin-'));
    onTestFinished(() => rmSync(directory, { recursive: true }));
    const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')];
    const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=psmr';
    const names = ['-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', keyFile, '-out', certFile];
    execFileSync('openssl', [...request.split(' '), ...names], { stdio: 'pipe' });
    const routes = [{ method: 'GET' as const, path: '/status', handle: () => jsonAnswer({ fine: true }) }];
    const http = await openHttpEndpoint({ host: '127.0.0.1', port: 0, tls: { certFile, keyFile }, routes });
    onTestFinished(() => http.close());
    const url = `https://127.0.0.1:${http.address.port}`;
    const trusting = new ReplicaHttp({ url, secret: SECRET, ca: readFileSync(certFile) });
    expect(await trusting.get('/status')).toEqual({ fine: true });
    expect(await failure(at(url).get('/status'))).toMatchObject({
      ...{ code: 'UNREACHABLE', details: { tls: true } },
      message: `The certificate of ${url} is not accepted: self-signed certificate. Give that replica one of the authority that is trusted here (cluster.tls.caFile, or --tls-ca), or correct that.`,
    });
    const plainUrl = url.replace('https:', 'http:');
    expect(await failure(at(plainUrl).get('/status'))).toMatchObject({
      ...{ code: 'UNREACHABLE', details: { tls: true } },
      message: expect.stringContaining(`What answers at ${plainUrl} listens with TLS.`) as string,
    });
  });

  it('says so where it is asked with TLS and has none', async () => {
    const cluster = await FakeCluster.start([1]);
    const url = cluster.urlOf(1).replace('http:', 'https:');
    expect(await failure(at(url).get('/status'))).toMatchObject({
      ...{ code: 'UNREACHABLE', details: { tls: true } },
      message: expect.stringContaining(`What answers at ${url} listens without TLS.`) as string,
    });
  });

  it.each([
    ['192.0.2.1', 'INVALID_CONFIG', '192.0.2.1 is no address of this machine: correct the host'],
    ['no-such-host.invalid', 'INVALID_CONFIG', 'no-such-host.invalid is no address of this machine: correct the host'],
    ['127.0.0.1', 'ADDRESS_IN_USE', 'Choose another http.port, or stop what uses it.'],
  ])('says what to do where it cannot listen on %s', async (host, code, advice) => {
    const port = Number(new URL((await FakeCluster.start([1])).urlOf(1)).port);
    expect(await failure(openHttpEndpoint({ host, port, routes: [] }))).toMatchObject({
      code,
      message: expect.stringContaining(advice) as string,
    });
  });

  it('says what may be amiss where a port for clients is asked', async () => {
    const server = createServer((_, response) => response.writeHead(426).end('connect with WebSocket'));
    onTestFinished(() => void server.close());
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const { port } = server.address() as AddressInfo;
    expect(await failure(at(`http://127.0.0.1:${port}`).get('/status'))).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(
        /426 and no JSON\. That may be a port for clients: give .* HTTP endpoint/,
      ) as string,
    });
  });

  it('gives an answer the time that it takes to make it, and who is silent no more than its own', async () => {
    const idleMs = 100;
    const handle = (): Promise<HttpAnswer> => pause(5 * idleMs).then(() => jsonAnswer({ late: true }));
    const http = await openHttpEndpoint({
      ...{ host: '127.0.0.1', port: 0, idleMs },
      routes: [{ method: 'GET', path: '/slow', handle }],
    });
    onTestFinished(() => http.close());
    expect(await at(`http://127.0.0.1:${http.address.port}`).get('/slow')).toEqual({ late: true });
    const silent = connect(http.address);
    await once(silent, 'close');
  });

  it('says what there is, where there is nothing', async () => {
    const cluster = await FakeCluster.start([1]);
    const [missing, wrong] = [await fetch(`${cluster.urlOf(1)}/x`), await fetch(`${cluster.urlOf(1)}/leader`)];
    expect([missing.status, await missing.text()]).toEqual([404, expect.stringContaining('/status, /checkpoint')]);
    expect([wrong.status, wrong.headers.get('allow')]).toEqual([405, 'POST']);
  });
});

describe('challenges', () => {
  it('are good for half a minute, and only where they were issued', () => {
    let nowMs = 5000;
    const challenges = new Challenges(() => nowMs, randomBytes);
    const [challenge, other] = [challenges.issue(), new Challenges(() => nowMs, randomBytes).issue()];
    expect([challenges.fresh(challenge), challenges.fresh(other), challenges.fresh('x')]).toEqual([true, false, false]);
    nowMs += 30_000;
    expect(challenges.fresh(challenge)).toBe(true);
    nowMs += 1;
    expect(challenges.fresh(challenge)).toBe(false);
  });
});
