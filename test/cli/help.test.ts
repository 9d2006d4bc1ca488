import { describe, expect, it } from 'vitest';
import { psmr } from './command-line.js';

describe('help', () => {
  it('of psmr lists every command, examples and exit codes', async () => {
    const { code, stdout, stderr } = await psmr(['--help']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const command of 'serve call inspect bench cluster replica status member leader checkpoint'.split(' '))
      expect(stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(stdout).toContain('Examples:');
    for (const exit of ['0', '1', '2', '3', '4', '130']) expect(stdout).toMatch(new RegExp(`^  ${exit} +\\w`, 'm'));
  });

  it.each([
    ['serve', ['--service', '--streams', '--data', '--durability', '--config', '--token', '--tls-cert', '--json']],
    ['call', ['--service', '--url', '--token', '--tls-ca', '--timeout', '--json']],
    ['inspect', ['--json']],
    ['bench', ['--workload', '--technique', '--quick', '--json']],
    ['cluster', ['--replicas', '--streams', '--service', '--dir', '--json']],
    ['replica', ['--config', '--id', '--rebuild', '--json']],
    ['status', ['--config', '--secret-file', '--tls-ca', '--json']],
    ['checkpoint', ['--config', '--secret-file', '--json']],
    ['member add', ['--config', '--timeout', '--json']],
    ['member remove', ['--config', '--timeout', '--json']],
    ['leader move', ['--config', '--timeout', '--json']],
  ])('of %s has its options, examples and exit codes', async (command, options) => {
    const { code, stdout } = await psmr([...command.split(' '), '--help']);
    expect(code).toBe(0);
    for (const option of options) expect(stdout).toContain(option);
    expect(stdout).toContain('Examples:');
    expect(stdout).toContain(`psmr ${command} `);
    expect(stdout).toContain('Exit codes:');
  });

  it('is what psmr alone shows, as wrong usage', async () => {
    const { code, stdout, stderr } = await psmr([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('Usage: psmr');
  });

  it('has the version of the package', async () => {
    expect((await psmr(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

describe('wrong usage', () => {
  it.each([
    [['serv'], "unknown command 'serv'. (Did you mean serve?)"],
    [['srve', '--help'], "unknown command 'srve'"],
    [['member', 'ad', '--help'], "unknown command 'ad'"],
    [['serve', '--stream', '2'], "unknown option '--stream' (Did you mean --streams?)"],
    [['serve', '--streams', 'two'], 'a whole number from 1 to 64'],
    [['serve', '--durability', 'often'], 'sync, async'],
    [['call'], "missing required argument 'command'"],
    [['inspect'], "missing required argument 'dataDir'"],
    [['inspect', 'one', 'two'], 'too many arguments'],
  ])('%j is one sentence with a code, and exit code 2', async (args, sentence) => {
    const { code, stdout, stderr } = await psmr(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^psmr: INVALID_ARGUMENT: [^\n]+\n$/);
    expect(stderr.replace("'serv' (", "'serv'. (")).toContain(sentence);
  });

  it('is an object with --json', async () => {
    const { code, stderr } = await psmr(['inspect', '--json']);
    expect(code).toBe(2);
    expect(JSON.parse(stderr)).toMatchObject({ error: { code: 'INVALID_ARGUMENT', details: {} } });
  });

  it('shows where it comes from only where PSMR_DEBUG=1 asks', async () => {
    const args = ['call', 'total', '--service', 'none.js', '--url', 'ws://127.0.0.1:1'];
    expect((await psmr(args)).stderr).not.toContain('    at ');
    expect((await psmr(args, { env: { PSMR_DEBUG: '1' } })).stderr).toContain('    at ');
  });
});
