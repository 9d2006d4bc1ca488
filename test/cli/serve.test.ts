import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, it } from 'vitest';
import { BANK, psmr, ROOT, serve, STOCK, temporaryDirectory, unread } from './command-line.js';

const bank = ['--service', BANK, '--streams', '2'];

describe('psmr serve', () => {
  it('says in one line where it serves, and answers there', async () => {
    const server = await serve(bank);
    expect(server.ready).toMatch(
      /^bank is served in 2 streams at ws:\/\/127\.0\.0\.1:\d+, .*http:\/\/127\.0\.0\.1:\d+$/,
    );
    expect(await (await fetch(`${server.http}/healthz`)).text()).toBe('ok\n');
    const called = await psmr([
      'call',
      'deposit',
      '{"account":"a","amount":5}',
      '--service',
      BANK,
      '--url',
      server.url,
    ]);
    expect(called).toEqual({ code: 0, stdout: '5\n', stderr: '' });
  });

  it('says it as JSON with --json', async () => {
    const server = await serve([...bank, '--json']);
    const ready: unknown = JSON.parse(server.ready);
    expect(ready).toMatchObject({ service: 'bank', streams: 2, url: server.url, http: server.http });
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops cleanly at %s: exit code 0, the data directory is free',
    async (signal) => {
      const data = join(temporaryDirectory(), 'data');
      const server = await serve([...bank, '--data', data]);
      const { code, stdout, stderr } = await server.stop(signal);
      expect(code).toBe(0);
      expect(stdout.split('\n')).toHaveLength(2);
      expect(stderr).toContain(`${signal}: stopping`);
      expect(JSON.parse((await psmr(['inspect', data, '--json'])).stdout)).toMatchObject({ openedBy: null });
    },
  );

  it('ends at once at a second Ctrl-C', async () => {
    const server = await serve(bank);
    void server.stop('SIGINT');
    const { code, stderr } = await server.stop('SIGINT');
    // Whichever came first: the second signal, or the end that the first one asked for.
    expect([0, 130]).toContain(code);
    expect(stderr).not.toContain('Assertion');
  });

  it('keeps what it acknowledged through a kill', async () => {
    const data = join(temporaryDirectory(), 'data');
    const first = await serve([...bank, '--data', data]);
    await psmr(['call', 'deposit', '{"account":"a","amount":5}', '--service', BANK, '--url', first.url]);
    await first.stop('SIGKILL');
    const second = await serve([...bank, '--data', data]);
    const { stdout } = await psmr(['call', 'balance', '{"account":"a"}', '--service', BANK, '--url', second.url]);
    expect(stdout).toBe('5\n');
  });

  it('ends with the reason when the engine fails', async () => {
    const directory = temporaryDirectory();
    const service = join(directory, 'mortal.mjs');
    const psmrUrl = pathToFileURL(join(ROOT, 'dist/src/index.js')).href;
    writeFileSync(
      service,
      `import { defineService } from ${JSON.stringify(psmrUrl)};
       import { isMainThread } from 'node:worker_threads';
       let end = false;
       if (!isMainThread) setInterval(() => { if (end) throw new Error('the service broke its thread'); }, 1);
       export default defineService({ name: 'mortal', commands: {
         end: { keys: () => ['key'], execute() { end = true; } },
       } });`,
    );
    const server = await serve(['--service', service, '--streams', '1']);
    await psmr(['call', 'end', '--service', service, '--url', server.url]);
    const { code, stderr } = await server.ended;
    expect(code).toBe(1);
    expect(stderr).toMatch(/psmr: ENGINE_FAILED: [^\n]*the service broke its thread[^\n]*\n$/);
  });

  it('takes its settings from psmr.config.json here, and options go first', async () => {
    const cwd = temporaryDirectory();
    const settings = { service: BANK, streams: 3, dataDir: 'kept', token: 'secret', port: 0, http: { port: 0 } };
    writeFileSync(join(cwd, 'psmr.config.json'), JSON.stringify(settings));
    const server = await serve(['--streams', '2'], { cwd });
    expect(server.ready).toContain('in 2 streams');
    expect(existsSync(join(cwd, 'kept/identity.json'))).toBe(true);
    const refused = await psmr(['call', 'total', '--service', BANK, '--url', server.url]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain('UNAUTHORIZED');
    const asked = await psmr(['call', 'total', '--url', server.url], { cwd });
    expect(asked).toEqual({ code: 0, stdout: '0\n', stderr: '' });
  });

  it('takes the token from PSMR_TOKEN', async () => {
    const server = await serve(bank, { env: { PSMR_TOKEN: 'secret' } });
    const call = ['call', 'total', '--service', BANK, '--url', server.url];
    expect((await psmr(call, { env: { PSMR_TOKEN: 'other' } })).code).toBe(2);
    expect((await psmr(call, { env: { PSMR_TOKEN: 'secret' } })).code).toBe(0);
  });

  it('serves on when nobody reads what it said', async () => {
    const server = await serve(bank);
    server.reader.destroy();
    expect((await fetch(`${server.http}/healthz`)).status).toBe(200);
  });

  it('ends quietly when nobody is there to read where it serves', async () => {
    const { code, stderr } = await unread(['serve', ...bank, '--port', '0', '--no-http']);
    expect(code).toBe(0);
    // Between the two, on newer Nodes, that the native transport is missing.
    expect(stderr).toMatch(/^psmr: starting\n(psmr: uWebSockets\.js .*\n)?psmr: SIGPIPE: stopping\n$/);
  });

  it('has no HTTP endpoint with --no-http', async () => {
    const server = await serve([...bank, '--no-http']);
    expect(server.http).toBeNull();
  });
});

describe('psmr serve refuses', () => {
  it('to start without a service', async () => {
    const { code, stderr } = await psmr(['serve']);
    expect(code).toBe(2);
    expect(stderr).toContain('INVALID_ARGUMENT: There is no service: give --service FILE');
  });

  it('a service that is not there', async () => {
    const { code, stderr } = await psmr(['serve', '--service', 'none.js']);
    expect(code).toBe(2);
    expect(stderr).toContain('INVALID_SERVICE');
  });

  it('a configuration that is wrong, naming the field', async () => {
    const file = join(temporaryDirectory(), 'wrong.json');
    writeFileSync(file, JSON.stringify({ service: BANK, limits: { sessionsMax: 'many' } }));
    const { code, stderr } = await psmr(['serve', '--config', file]);
    expect(code).toBe(2);
    expect(stderr).toMatch(/INVALID_CONFIG: .*limits\.sessionsMax/);
  });

  it('half of TLS', async () => {
    const { code, stderr } = await psmr(['serve', ...bank, '--tls-cert', 'cert.pem']);
    expect(code).toBe(2);
    expect(stderr).toContain('--tls-key');
  });

  it('an address that is in use', async () => {
    const server = await serve(bank);
    const port = new URL(server.url).port;
    const { code, stderr } = await psmr(['serve', '--service', BANK, '--streams', '1', '--port', port, '--no-http']);
    expect(code).toBe(2);
    expect(stderr).toContain('ADDRESS_IN_USE');
  });

  it('a data directory that an engine has open, of another service, or of other streams', async () => {
    const data = join(temporaryDirectory(), 'data');
    const server = await serve([...bank, '--data', data]);
    const again = await psmr(['serve', ...bank, '--data', data]);
    expect(again.code).toBe(4);
    expect(again.stderr).toContain('DATA_DIR_LOCKED');
    await server.stop('SIGTERM');
    const other = await psmr(['serve', '--service', STOCK, '--streams', '2', '--data', data, '--json']);
    expect(other.code).toBe(4);
    const lastLine = other.stderr.trimEnd().split('\n').at(-1) ?? '';
    expect(JSON.parse(lastLine)).toMatchObject({
      error: { code: 'DATA_MISMATCH', details: { found: { service: 'bank' } } },
    });
    const more = await psmr(['serve', '--service', BANK, '--streams', '3', '--data', data]);
    expect(more.code).toBe(4);
    expect(more.stderr).toContain('2 streams, not for 3');
  });
});
