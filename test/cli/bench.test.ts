import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Engine } from 'psmr';
import { interrupted, psmr, temporaryDirectory } from './command-line.js';

const tiny = ['bench', '--technique', 'smr,p-smr', '--streams', '2', '--keys', '1000', '--rounds', '1'];

describe('psmr bench', () => {
  it('prints a table on stdout, progress on stderr, and writes what it measured as JSON', async () => {
    const file = join(temporaryDirectory(), 'out.json');
    const { code, stdout, stderr } = await psmr([...tiny, '--seconds', '0.05', '--json', file]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/p-smr +│ +2 +│ +[\d,]+ +│/);
    expect(stderr).toContain('psmr: round 1 of 1: smr ');
    const report = JSON.parse(readFileSync(file, 'utf8')) as { runs: unknown[] };
    expect(report.runs).toMatchObject([
      { technique: 'smr', streams: 1, feed: 'log', rounds: 1, latencyUs: null, ratioToFirst: 1 },
      { technique: 'p-smr', streams: 2 },
    ]);
  });

  it('refuses options that contradict each other, with exit code 2', async () => {
    const { code, stderr } = await psmr([...tiny, '--rate', '5']);
    expect(code).toBe(2);
    expect(stderr).toBe('psmr: INVALID_ARGUMENT: --rate needs --feed clients.\n');
  });

  it('measures a server with a certificate, whose authority is given', async () => {
    const directory = temporaryDirectory();
    const tls = { certFile: join(directory, 'cert.pem'), keyFile: join(directory, 'key.pem') };
    execFileSync(
      'openssl',
      // prettier-ignore
      ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1',
        '-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', tls.keyFile, '-out', tls.certFile],
      { stdio: 'ignore' },
    );
    const service = pathToFileURL(join(import.meta.dirname, '../../dist/bench/services/kv.js'));
    const engine = await Engine.start({ service, streams: 2 });
    onTestFinished(() => engine.stop());
    const { url } = await engine.listen({ port: 0, http: null, tls });
    const remote = ['bench', '--workload', 'kv', '--feed', 'clients', '--connect', url, '--streams', '2'];
    const short = [...remote, '--keys', '100', '--rounds', '1', '--seconds', '0.05'];
    const { code, stdout } = await psmr([...short, '--tls-ca', tls.certFile]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/p-smr +│ +2 +│ +[\d,]+ +│/)]);
    const distrustful = await psmr(short);
    expect([distrustful.code === 0, distrustful.stderr]).toEqual([
      false,
      expect.stringContaining("the server's certificate is not accepted"),
    ]);
  });

  it('ends at Ctrl-C with exit code 130, without a table', async () => {
    const { code, stdout } = await interrupted([...tiny, '--seconds', '300'], /preparing p-smr/, 'SIGINT');
    expect({ code, stdout }).toEqual({ code: 130, stdout: '' });
  });
});
