import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { loadService } from '../../src/service/load-service.js';

const directory = mkdtempSync(join(tmpdir(), 'psmr-services-'));
afterAll(() => rmSync(directory, { recursive: true }));

function moduleOf(name: string, text: string): URL {
  writeFileSync(join(directory, name), text);
  return pathToFileURL(join(directory, name));
}

const SERVICE = "{ name: 'demo', commands: { one: { keys: () => ['k'], execute: () => 1 } } }";

describe('loadService', () => {
  it('takes the default export', async () => {
    expect((await loadService(moduleOf('default.mjs', `export default ${SERVICE}`))).name).toBe('demo');
  });

  it('takes the export named service where there is no default, from a URL as text too', async () => {
    const url = moduleOf('named.mjs', `export const service = ${SERVICE}`);
    expect((await loadService(url.href)).name).toBe('demo');
  });

  it.each([
    [
      'a file that is missing',
      () => pathToFileURL(join(directory, 'gone.mjs')),
      'there is no such file. Check the path',
    ],
    ['a path where a URL is due', () => './bank.js', "it is no file: URL. Give one, such as new URL('./bank.js'"],
    ['a module on the network', () => 'https://example.com/bank.js', 'it is no file: URL'],
    [
      'a module without a service',
      () => moduleOf('none.mjs', 'export const a = 1'),
      "Write 'export default defineService",
    ],
    [
      'another default export',
      () => moduleOf('other.mjs', 'export default 5'),
      'its export is none that defineService made',
    ],
    [
      'a service with a wrong command',
      () => moduleOf('wrong.mjs', "export default { name: 'a', commands: { go: {} } }"),
      "The service definition's commands.go.keys cannot be used: it is missing.",
    ],
    ['a module that throws', () => moduleOf('throws.mjs', "throw new Error('no luck')"), 'failed with "no luck"'],
    ['a module that is not JavaScript', () => moduleOf('syntax.mjs', 'export default {'), 'loading it failed with'],
  ])('refuses %s, naming it', async (_, url, sentence) => {
    const refused = url();
    const file = refused instanceof URL ? refused.pathname : refused;
    const message = expect.stringContaining(sentence) as unknown;
    await expect(loadService(refused)).rejects.toMatchObject({ code: 'INVALID_SERVICE', message, details: { file } });
    await expect(loadService(refused)).rejects.toThrow(file);
  });
});
