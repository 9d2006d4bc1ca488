import { writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BANK, psmr, serve, STOCK, temporaryDirectory } from './command-line.js';

const bank = ['--service', BANK, '--streams', '2'];

describe('psmr call', () => {
  it('prints the result of a command, one with --json', async () => {
    const { url } = await serve(bank);
    const at = ['--service', BANK, '--url', url];
    expect((await psmr(['call', 'deposit', '{"account":"a","amount":5}', ...at])).stdout).toBe('5\n');
    expect((await psmr(['call', 'total', ...at, '--json'])).stdout).toBe('{"ok":true,"value":5}\n');
  });

  it("finds service, token and a replica that answers in a cluster's configuration", async () => {
    const { url } = await serve([...bank, '--token', 'sesame']);
    const directory = temporaryDirectory();
    const ports = [1, Number(new URL(url).port)];
    const cluster = {
      name: 'bank',
      // Operators have it, callers need not.
      secretFile: 'not-here',
      replicas: ports.map((port, at) => ({
        id: at + 1,
        hosts: ['127.0.0.1'],
        port,
        peerPort: 100 + 10 * at,
        http: { port: 200 + at },
      })),
    };
    const config = { service: relative(directory, BANK), streams: 2, token: 'sesame', cluster };
    const file = join(directory, 'cluster.json');
    writeFileSync(file, JSON.stringify(config));
    const deposit = ['call', 'deposit', '{"account":"a","amount":5}', '--config', file];
    expect(await psmr(deposit)).toEqual({ code: 0, stdout: '5\n', stderr: '' });
    writeFileSync(file, JSON.stringify({ ...config, service: undefined }));
    const { code, stderr } = await psmr(deposit);
    expect([code, stderr]).toEqual([
      2,
      expect.stringContaining('INVALID_ARGUMENT: There is no service: give --service'),
    ]);
  });

  it('ends with exit code 1 and the sentence of a command that failed', async () => {
    const { url } = await serve(bank);
    const failing = ['call', 'transfer', '{"from":"a","to":"b","amount":5}', '--service', BANK, '--url', url];
    expect(await psmr(failing)).toEqual({
      code: 1,
      stdout: '',
      stderr: 'psmr: COMMAND_FAILED: insufficient funds in a: 0\n',
    });
    const { code, stderr } = await psmr([...failing, '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stderr)).toMatchObject({
      error: { code: 'COMMAND_FAILED', message: 'insufficient funds in a: 0' },
    });
  });

  it('tells wrong commands, arguments and services apart, all with exit code 2', async () => {
    const { url } = await serve(bank);
    const at = ['--url', url, '--service', BANK];
    const wrong = [
      [['call', 'withdraw', '{}', ...at], "UNKNOWN_COMMAND: Service 'bank' has no command 'withdraw'. It has: deposit"],
      [['call', 'deposit', '{account:1}', ...at], 'INVALID_ARGUMENT: The arguments are not JSON'],
      [['call', 'deposit', ...at], "INVALID_ARGUMENTS: The arguments of 'deposit' do not fit it"],
      [['call', 'deposit', '{"acount":"a","amount":1}', ...at], "INVALID_KEYS: The keys of 'deposit' cannot be used"],
      [['call', 'sum', '--service', STOCK, '--url', url], 'WRONG_SERVICE: '],
      [['call', 'total', '--service', BANK, '--url', 'http://127.0.0.1'], 'INVALID_ARGUMENT: replicas[0]'],
      [['call', 'total', '--service', BANK, '--url', url, '--tls-ca', 'none.pem'], 'INVALID_ARGUMENT: --tls-ca'],
    ] as const;
    for (const [args, sentence] of wrong) {
      const { code, stdout, stderr } = await psmr(args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
      expect(stderr).toContain(sentence);
      expect(stderr.split('\n')).toHaveLength(2);
    }
  });

  it('ends with exit code 3 where no server answers', async () => {
    const { code, stderr } = await psmr(['call', 'total', '--service', BANK, '--url', 'ws://127.0.0.1:1']);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^psmr: UNREACHABLE: [^\n]*ws:\/\/127\.0\.0\.1:1[^\n]*\n$/);
  });
});
