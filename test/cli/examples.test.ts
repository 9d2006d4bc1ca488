import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { freePorts } from '../integration/free-ports.js';
import { psmr, ROOT, runFile, serve, STOCK, temporaryDirectory } from './command-line.js';

const example = (name: string): string => join(ROOT, 'dist/examples', `${name}.js`);

describe('the examples run', () => {
  it('embedded: commands, a checkpoint, a restart', async () => {
    const { code, stdout, stderr } = await runFile(example('embedded'), []);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(
      'COMMAND_FAILED\nvalue 30\ncheckpoint at index 2 of group 0\nafter a restart: 107\n'.replace(
        'index 2',
        `index ${/index (\d+)/.exec(stdout)?.[1]}`,
      ),
    );
  });

  it('feed: two engines fed from one log end in the same state', async () => {
    const { code, stdout, stderr } = await runFile(example('feed'), []);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain('one: 2000 results by position');
    expect(stdout).toMatch(/the same state: yes\n$/);
  });

  it("three-replicas: in one process, on Node's own thread pool, with one or the other away", async () => {
    const firstPort = await freePorts(27);
    const env = { UV_THREADPOOL_SIZE: '4' };
    const { code, stdout, stderr } = await runFile(example('three-replicas'), [String(firstPort)], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe('with replica 2 away: 100\nwith replica 3 away: 107\n');
  });

  it('producers: threads submit side by side', async () => {
    const { code, stdout, stderr } = await runFile(example('producers'), []);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^(1000 deposits\n){3}total 3000\n$/);
  });

  it('stock: the service of the README', async () => {
    const { url } = await serve(['--service', STOCK, '--streams', '2']);
    const call = (name: string, args?: object): ReturnType<typeof psmr> =>
      psmr(['call', name, ...(args === undefined ? [] : [JSON.stringify(args)]), '--service', STOCK, '--url', url]);
    expect((await call('add', { product: 'apples', count: 3 })).stdout).toBe('3\n');
    expect((await call('swap', { take: 'apples', give: 'pears' })).code).toBe(0);
    expect((await call('swap', { take: 'plums', give: 'pears' })).stderr).toContain('no plums in stock');
    expect((await call('sum')).stdout).toBe('3\n');
  });

  it('replicated-bank: a leader is killed and comes back, the money is there, and all replicas agree', async () => {
    const { code, stdout, stderr } = await runFile(example('replicated-bank/main'), ['--seconds', '1']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/kill -9 of replica (\d), which leads group 0(?:.|\n)*replica \1 is back/);
    expect(stdout).toMatch(/[1-9]\d* transfers, longest wait \d+ ms, money 500000 of 500000/);
    expect(stdout).toMatch(/checkpoint \d+: stream 1 [0-9a-f]{16}, stream 2 [0-9a-f]{16}\n/);
    expect(stdout).toMatch(/replicas 1, 2, 3 agree: they hold the same state\n$/);
  });

  it('replicated-bank: Ctrl-C under load leaves no process and no file', async () => {
    const directory = temporaryDirectory();
    const child = spawn(process.execPath, [example('replicated-bank/main')], {
      env: { ...process.env, NODE_OPTIONS: '', TMPDIR: directory },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    const exited = once(child, 'exit');
    const under = (): string[] =>
      execFileSync('ps', ['-eo', 'args'])
        .toString()
        .split('\n')
        .filter((args) => args.includes(directory));
    let stdout = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      if (!text.includes('clients transfer money')) return;
      expect(under()).toHaveLength(3);
      child.kill('SIGINT');
    });
    expect(await exited).toEqual([130, null]);
    expect(stdout).toContain('SIGINT: stopping all replicas');
    expect(under()).toEqual([]);
    expect(readdirSync(directory)).toEqual([]);
  });
});
