import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import { parseConfig } from '../../src/config/config.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { ERROR_CODES } from '../../src/errors.js';
import { ROOT } from './command-line.js';

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const TEXTS = readdirSync(join(ROOT, 'docs')).filter((name) => name.endsWith('.md'));
const DOCUMENTS = ['README.md', ...TEXTS.map((name) => `docs/${name}`)];

describe('the README', () => {
  it('shows the service of examples/stock.ts as it is, in about 30 lines', () => {
    const [, block = ''] = /<!-- examples\/stock\.ts -->\n\n```ts\n(.*?)```/s.exec(read('README.md')) ?? [];
    expect(block).toBe(read('examples/stock.ts'));
    expect(block.split('\n').length).toBeLessThan(36);
  });

  it('names every example that has a README', () => {
    const readmes = readdirSync(join(ROOT, 'examples'))
      .map((name) => `examples/${name}/README.md`)
      .filter((path) => existsSync(join(ROOT, path)));
    expect(readmes.length).toBeGreaterThan(3);
    for (const path of readmes) expect(read('README.md')).toContain(`](${path})`);
  });

  it('has the two commands that everything starts with', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(['start', 'test']));
    expect(read('README.md')).toContain('npm ci && npm start');
    expect(read('README.md')).toContain('npm ci && npm test');
  });
});

describe('the documents', () => {
  it.each(DOCUMENTS)('%s links only to files and headings that are there', (document) => {
    for (const [, target = ''] of read(document).matchAll(/\]\(((?!https?:)[^)]+)\)/g)) {
      const [path = '', heading] = target.split('#');
      const file = path === '' ? document : join(dirname(document), path);
      expect(existsSync(join(ROOT, file)), `${document} links to ${target}`).toBe(true);
      if (heading === undefined) continue;
      const headings = [...read(file).matchAll(/^#+ (.*)$/gm)].map(([, text = '']) => slug(text));
      expect(headings).toContain(heading);
    }
  });

  it('name every error code, once', () => {
    const rows = [...read('docs/operating.md').matchAll(/^\| `([A-Z_]+)`/gm)].map(([, code]) => code);
    expect([...rows].sort()).toEqual([...ERROR_CODES].sort());
  });

  it('name every limit with its default', () => {
    const rows = [...read('docs/tuning.md').matchAll(/^\| `(\w+)` +\| ([\d,]+)( MiB| KiB)? /gm)];
    const units: Record<string, number> = { ' MiB': 2 ** 20, ' KiB': 2 ** 10 };
    const documented = rows.map(([, name, amount = '', unit = '']) => [
      name,
      Number(amount.replaceAll(',', '')) * (units[unit] ?? 1),
    ]);
    expect(Object.fromEntries(documented)).toEqual(DEFAULT_LIMITS);
  });

  it('name every metric', () => {
    const names = (text: string): string[] => [...text.matchAll(/psmr_[a-z_]+/g)].map(([name]) => name);
    const known = new Set(['prometheus', 'recorded-metrics'].flatMap((file) => names(read(`src/metrics/${file}.ts`))));
    const table = [...read('docs/operating.md').matchAll(/^\| `(psmr_[a-z_]+)`/gm)].map(([, name]) => name);
    expect(new Set(table)).toEqual(known);
    for (const name of names(read('docs/tuning.md'))) expect(known).toContain(name);
  });

  it('show configurations that are accepted', () => {
    const blocks = DOCUMENTS.flatMap((document) => [...read(document).matchAll(/```json\n(.*?)```/gs)]);
    expect(blocks.length).toBeGreaterThan(1);
    for (const [, json = ''] of blocks) expect(() => parseConfig(JSON.parse(json))).not.toThrow();
  });

  it('name only options of psmr that there are', () => {
    const commands = createProgram().commands.flatMap((command) => [command, ...command.commands]);
    const options = new Set(commands.flatMap((command) => command.options.map((each) => each.long)));
    const names = createProgram().commands.map((command) => command.name());
    const uses = new RegExp(`psmr (${names.join('|')}) [^\\n\`]*`, 'g');
    for (const document of DOCUMENTS) {
      for (const [line] of read(document).matchAll(uses)) {
        for (const [option] of line.matchAll(/--[a-z-]+/g))
          expect([...options], `${document}: ${line}`).toContain(option);
      }
    }
  });
});

/** A heading's anchor. */
function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
