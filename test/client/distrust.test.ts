import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/client/client-clock.js';
import type { PsmrError } from '../../src/errors.js';
import { Topology } from '../../src/client/topology.js';
import { type DialOptions, webSocketDial } from '../../src/client/web-socket.js';
import { webSocketLinks } from '../../src/client/web-socket-link.js';
import { WELCOME } from '../transport/samples.js';

const folder = mkdtempSync(join(tmpdir(), 'psmr-distrust-'));
afterAll(() => rmSync(folder, { recursive: true }));
const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
execFileSync(
  'openssl',
  // prettier-ignore
  ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=elsewhere', '-addext', 'subjectAltName=DNS:elsewhere', '-keyout', keyFile, '-out', certFile],
  { stdio: 'ignore' },
);
const certificate = readFileSync(certFile);

/** How a link to a server with that certificate is lost, and whether another try is made. */
async function lossOf(tls: DialOptions): Promise<[error: PsmrError, retry: boolean]> {
  const server = createServer({ cert: certificate, key: readFileSync(keyFile) });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const url = `wss://127.0.0.1:${port}`;
  const dial = await webSocketDial(tls);
  const options = { service: WELCOME.service, token: null, connectTimeoutMs: 5_000, dial, clock: systemClock };
  const topology = new Topology({ ...options, replicas: [url] });
  topology.heard({ ...WELCOME, endpoints: WELCOME.endpoints.map(() => [null, port] as const) }, url);
  return new Promise((resolve) => {
    const handlers = {
      frame: () => undefined,
      writable: () => undefined,
      lost: (error: PsmrError, retry: boolean) => resolve([error, retry]),
    };
    const link = webSocketLinks(topology)(1, new Uint8Array(16).fill(1), handlers, 'lead');
    onTestFinished(() => link.close());
  });
}

describe("a server's certificate", () => {
  it.each<[what: string, tls: DialOptions, why: string]>([
    ['of another name', { ca: certificate }, "does not match certificate's altnames"],
    ['of an authority that is not trusted', {}, 'self-signed certificate'],
  ])('%s ends the link at once: another try cannot go better', async (_, tls, why) => {
    const [error, retry] = await lossOf(tls);
    expect([error.code, retry]).toEqual(['UNREACHABLE', false]);
    expect(error.message).toContain("the server's certificate is not accepted");
    expect(error.message).toContain(why);
  });
});
