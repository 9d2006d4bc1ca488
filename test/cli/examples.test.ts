import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { psmr, ROOT, runFile, serve, STOCK } from './command-line.js';

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
});
