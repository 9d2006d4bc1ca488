import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { resolveEngineOptions } from '../../src/replica/engine-options.js';

// With what a URL would have to escape.
const directory = mkdtempSync(join(tmpdir(), 'psmr config '));
afterAll(() => rmSync(directory, { recursive: true }));

const config = join(directory, 'psmr.config.json');
writeFileSync(
  config,
  JSON.stringify({ service: './bank.js', dataDir: 'data', tls: { certFile: 'c.pem', keyFile: '/etc/k.pem' } }),
);

describe('a relative path', () => {
  it.each([
    ['a path', config],
    ['a URL', pathToFileURL(config)],
  ])('in a configuration file starts from that file (given as %s)', (_, file) => {
    const { serviceUrl, dataDir, listen } = resolveEngineOptions({ config: file });
    expect(serviceUrl).toBe(pathToFileURL(join(directory, 'bank.js')).href);
    expect(dataDir).toBe(join(directory, 'data'));
    expect(listen.tls).toEqual({ certFile: join(directory, 'c.pem'), keyFile: '/etc/k.pem' });
  });

  it('in options starts from the working directory, and options go before the file', () => {
    const options = resolveEngineOptions({ config, service: './other.js', dataDir: 'elsewhere' });
    expect(options.serviceUrl).toBe(pathToFileURL(resolve('other.js')).href);
    expect(options.dataDir).toBe(resolve('elsewhere'));
  });
});

it('durability without a place for data names the file that asks for it', () => {
  const file = join(directory, 'nowhere.config.json');
  writeFileSync(file, JSON.stringify({ service: './bank.js', durability: 'async' }));
  expect(() => resolveEngineOptions({ config: file })).toThrow(`The configuration ${file} is wrong at 'durability'`);
});

it('an engine without options says that it needs some', () => {
  expect(() => resolveEngineOptions(undefined)).toThrow(/needs options/);
});
