/** Links with TLS, and what both ends say of those that TLS keeps apart. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { PsmrError } from '../../src/errors.js';
import { listen as listenDefault } from '../../src/transport/listen.js';
import { speaksPlainHttp, speaksTls } from '../../src/transport/what-listens.js';
import { listenWithWs } from '../../src/transport/ws-endpoint.js';
import { Certificates } from './certificates.js';
import { type Replica, Replicas, until } from './peer-replicas.js';
import { IMPLEMENTATIONS } from './peers.js';
import { TcpProxy } from './tcp-proxy.js';

const certificates = new Certificates();
afterAll(() => certificates.remove());

const ours = certificates.of('ours');
/** It trusts ours, and is not of it. */
const theirs = { ...certificates.of('theirs'), caFile: ours.caFile };
const trustsTheirs = { ...ours, caFile: certificates.of('theirs').caFile };
const expired = certificates.of('ours', { days: -1 });
const elsewhere = certificates.of('ours', { names: 'DNS:elsewhere' });
const clientOnly = certificates.of('ours', { usage: 'clientAuth' });
const serverOnly = certificates.of('ours', { usage: 'serverAuth' });

/** A peer that is only out of reach is not told of: what is told is what was refused, and at once. */
const atOnce = { limits: { unreachableMs: 3_600_000 } };

async function firstProblem({ problems }: Replica): Promise<PsmrError> {
  await until(() => problems.length > 0);
  const [problem] = problems;
  if (problem === undefined) throw new Error('there is one');
  return problem;
}

// uWebSockets.js cannot insist on certificates: it is not taken for these.
describe.each([
  ['the one chosen', listenDefault],
  ['ws', listenWithWs],
])('links with TLS, accepted by %s', (_name, listen) => {
  const replicas = new Replicas(listen);
  afterEach(() => replicas.close());

  it('carry messages between replicas of one authority', async () => {
    let heard = 0;
    const one = await replicas.open(1, { tls: ours }, { message: (_from, bytes) => (heard += bytes.byteLength) });
    const two = await replicas.open(2, { tls: ours });
    two.links.setPeers([one.address]);
    await until(() => two.links.send(1, [new Uint8Array(1_000_000)]));
    await until(() => heard === 1_000_000);
    expect([one.problems, two.problems]).toEqual([[], []]);
  });

  it.each([
    ['of another authority', theirs, /unable to verify/, /of the authority that is trusted here \(cluster.tls.caFile/],
    ['that has expired', expired, /certificate has expired/, /a new one/],
    ['for another host', elsewhere, /127\.0\.0\.1 is not in the cert's list/, /names the host by which it is reached/],
    ['for clients only', clientOnly, /certificate purpose/, /for servers and for clients/],
  ])('are not made to a listener with a certificate %s: the dialler says so', async (_what, tls, why, mend) => {
    const one = await replicas.open(1, { tls });
    const two = await replicas.open(2, { tls: ours, ...atOnce });
    two.links.setPeers([one.address]);
    const problem = await firstProblem(two);
    expect(problem.code).toBe('UNAUTHORIZED');
    expect(problem.message).toContain(`The certificate of replica 1 at 127.0.0.1:${one.address.port} is not accepted`);
    expect(problem.message).toMatch(why);
    expect(problem.message).toMatch(mend);
  });

  it.each([
    ['of another authority', theirs, /unable to verify leaf signature/, /of the authority that is trusted here/],
    ['that has expired', expired, /cert has expired/, /a new one/],
    ['for servers only', serverOnly, /invalid purpose/, /for servers and for clients/],
  ])('are not accepted from a dialler with a certificate %s: both say so', async (_what, tls, why, mend) => {
    const one = await replicas.open(1, { tls: ours });
    const two = await replicas.open(2, { tls, ...atOnce });
    two.links.setPeers([one.address]);
    const [here, there] = [await firstProblem(one), await firstProblem(two)];
    expect([here.code, there.code]).toEqual(['UNAUTHORIZED', 'UNAUTHORIZED']);
    expect(here.message).toContain('A link from 127.0.0.1 was refused: its certificate is not accepted');
    expect(here.message).toMatch(why);
    expect(here.message).toMatch(mend);
    expect(there.message).toContain(`The link to replica 1 at 127.0.0.1:${one.address.port} was ended there`);
    expect(there.message).toContain("this replica's certificate (cluster.tls.certFile)");
  });

  it('are not accepted from a dialler without a certificate, and the listener says so', async () => {
    const one = await replicas.open(1, { tls: ours });
    await expect(fetch(`https://127.0.0.1:${one.address.port}/`).then((response) => response.status)).rejects.toThrow();
    const socket = connect({ host: '127.0.0.1', port: one.address.port, rejectUnauthorized: false });
    socket.on('error', () => undefined);
    const problem = await firstProblem(one);
    expect(problem.code).toBe('UNAUTHORIZED');
    expect(problem.message).toBe(
      'A link from 127.0.0.1 was refused: it shows no certificate. Give all replicas cluster.tls, or none of them.',
    );
    socket.destroy();
  });

  it('are made when the replica is there with another certificate, and told of once until then', async () => {
    const line = await TcpProxy.open();
    const one = await replicas.open(1, { tls: expired });
    line.target = one.links.port;
    let up = 0;
    const two = await replicas.open(2, { tls: ours, ...atOnce }, { up: () => up++ });
    two.links.setPeers([{ id: 1, host: '127.0.0.1', port: line.port }]);
    await until(() => line.made > 1);
    expect(two.problems.length).toBe(1);
    line.target = (await replicas.open(1, { tls: ours })).links.port;
    await until(() => up === 1);
    await line.close();
  });

  it('are made when the dialler is believed, and told of once on either side until then', async () => {
    const line = await TcpProxy.open();
    const one = await replicas.open(1, { tls: trustsTheirs });
    line.target = one.links.port;
    let up = 0;
    const two = await replicas.open(2, { tls: ours, ...atOnce }, { up: () => up++ });
    two.links.setPeers([{ id: 1, host: '127.0.0.1', port: line.port }]);
    await until(() => line.made > 1);
    expect([one.problems.length, two.problems.length]).toEqual([1, 1]);
    line.target = (await replicas.open(1, { tls: ours })).links.port;
    await until(() => up === 1);
    await line.close();
  });

  it('may be asked what they speak, and make nothing of it', async () => {
    const { links, problems } = await replicas.open(1, { tls: ours });
    expect([await speaksTls(links), await speaksPlainHttp(links)]).toEqual([true, false]);
    expect(problems).toEqual([]);
  });

  it('name the file of an authority that cannot be read', async () => {
    const missing = join(certificates.folder, 'none.pem');
    await expect(replicas.open(1, { tls: { ...ours, caFile: missing } })).rejects.toMatchObject({
      code: 'INVALID_CONFIG',
      message: expect.stringContaining(missing) as unknown,
    });
  });
});

describe.each(IMPLEMENTATIONS)('replicas of which only one has TLS, the other on %s', (_name, listen) => {
  const plain = new Replicas(listen);
  const secure = new Replicas(listenDefault);
  afterEach(() => Promise.all([plain.close(), secure.close()]));

  it('have no link: the one that dials without TLS says so, and so does the one that listens', async () => {
    const one = await secure.open(1, { tls: ours });
    const two = await plain.open(2, atOnce);
    two.links.setPeers([one.address]);
    const [here, there] = [await firstProblem(one), await firstProblem(two)];
    expect([here.code, there.code]).toEqual(['INVALID_CONFIG', 'INVALID_CONFIG']);
    expect(here.message).toBe(
      'A link from 127.0.0.1 was refused: it comes without TLS, and this replica listens with TLS. ' +
        'Give all replicas cluster.tls, or none of them.',
    );
    expect(there.message).toBe(
      `No link to replica 1 at 127.0.0.1:${one.address.port}: it listens with TLS, and this replica dials without; ` +
        'trying on. Give all replicas cluster.tls, or none of them.',
    );
  });

  it('have no link: the one that dials with TLS says so', async () => {
    const one = await plain.open(1);
    const two = await secure.open(2, { tls: ours, ...atOnce });
    two.links.setPeers([one.address]);
    const problem = await firstProblem(two);
    expect(problem.code).toBe('INVALID_CONFIG');
    expect(problem.message).toContain('it listens without TLS, and this replica dials with');
  });

  it('are linked when both have it', async () => {
    const line = await TcpProxy.open();
    line.target = (await plain.open(1)).links.port;
    let up = 0;
    const two = await secure.open(2, { tls: ours, ...atOnce }, { up: () => up++ });
    two.links.setPeers([{ id: 1, host: '127.0.0.1', port: line.port }]);
    await firstProblem(two);
    line.target = (await secure.open(1, { tls: ours })).links.port;
    await until(() => up === 1);
    await line.close();
  });

  it('may be asked what they speak', async () => {
    const { links, problems } = await plain.open(1);
    expect([await speaksTls(links), await speaksPlainHttp(links)]).toEqual([false, true]);
    expect(problems).toEqual([]);
  });
});

it('a listener that hangs up without a word is out of reach, whatever it speaks', async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const place = server.address();
  if (place === null || typeof place === 'string') throw new Error('it has a port');
  const replicas = new Replicas(listenDefault);
  for (const tls of [{}, { tls: ours }]) {
    const one = await replicas.open(1, { ...tls, limits: { unreachableMs: 0 } });
    one.links.setPeers([{ id: 2, host: '127.0.0.1', port: place.port }]);
    expect(await firstProblem(one)).toMatchObject({ code: 'UNREACHABLE' });
  }
  await replicas.close();
  server.close();
});
