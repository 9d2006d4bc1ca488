import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { connect } from 'psmr';
import { Bystander } from './bystander.js';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import ledger from './services/ledger.js';
import values from './services/values.js';
import { startEngine, temporaryDirectory } from './temporary.js';

const service = serviceUrl('ledger');

describe('a server with a token', () => {
  it('turns away who has none or a wrong one, and serves who has it', async () => {
    const engine = await startEngine({ service, streams: 2 });
    const { url } = await engine.listen({ port: 0, http: null, token: 'open sesame' });
    const rightful = await Bystander.of(url, 'open sesame');
    for (const token of [undefined, '', 'open', 'open sesame ']) {
      const options = { replicas: [url], service: ledger, ...(token === undefined ? {} : { token }) };
      const error = await rejectionOf(connect<typeof ledger>(options));
      expect(error.code).toBe('UNAUTHORIZED');
      expect(error.message).not.toContain('sesame');
    }
    await rightful.proceeds(3);
    await rightful.finish();
  });
});

describe('a server of another service', () => {
  it('turns its clients away, and says what it runs', async () => {
    const engine = await startEngine({ service, streams: 1 });
    const { url } = await engine.listen({ port: 0, http: null });
    const error = await rejectionOf(connect<typeof values>({ replicas: [url], service: values }));
    expect(error.code).toBe('WRONG_SERVICE');
    expect(error.message).toContain("'ledger'");
  });
});

describe('a server with a certificate', () => {
  it('speaks wss with those who trust it, and with nobody else', async () => {
    const directory = temporaryDirectory();
    const tls = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
    execFileSync(
      'openssl',
      // prettier-ignore
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
        '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', tls.keyFile, '-out', tls.certFile],
      { stdio: 'ignore' },
    );
    const engine = await startEngine({ service, streams: 2 });
    const { url } = await engine.listen({ port: 0, http: null, tls, token: 'secret' });
    expect(url).toMatch(/^wss:/);
    const client = await connect<typeof ledger>({
      replicas: [url],
      service: ledger,
      token: 'secret',
      tls: { ca: readFileSync(tls.certFile, 'utf8') },
    });
    expect(await client.execute('add', { key: 'a', by: 2, id: 'x' })).toBe(2);
    await client.execute('count', { keys: ['a', 'b', 'c', 'd'] });
    await client.close();
    const distrustful = connect<typeof ledger>({ replicas: [url], service: ledger, token: 'secret' });
    expect(await rejectionOf(distrustful)).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringMatching(/certificate is not accepted: self-signed certificate.*--tls-ca/) as string,
    });
    const plain = connect<typeof ledger>({ replicas: [url.replace('wss', 'ws')], service: ledger, token: 'secret' });
    expect(await rejectionOf(plain)).toMatchObject({
      code: 'UNREACHABLE',
      message: expect.stringContaining('does the server have TLS?') as string,
    });
  });
});
