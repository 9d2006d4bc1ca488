import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const DIST = new URL('../../dist/', import.meta.url);

const STATIC = /^(?:import|export)\s(?:[^;]*?\sfrom\s)?'([^']+)';/gm;
const DYNAMIC = /\bimport\('([^']+)'\)/g;

interface Loaded {
  readonly packages: Set<string>;
  /** Files of psmr. */
  readonly files: Set<string>;
}

/** What loading built modules loads with them: at once, or also `later` by `import()`. */
function loadedBy(entries: readonly string[], { later }: { later: boolean }): Loaded {
  const loaded: Loaded = { packages: new Set(), files: new Set() };
  const waiting = entries.map((entry) => new URL(entry, DIST));
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    if (loaded.files.has(url.href)) continue;
    loaded.files.add(url.href);
    const text = readFileSync(fileURLToPath(url), 'utf8');
    const found = [...text.matchAll(STATIC), ...(later ? text.matchAll(DYNAMIC) : [])];
    for (const [, specifier = ''] of found) {
      if (specifier.startsWith('.')) waiting.push(new URL(specifier, url));
      else if (!specifier.startsWith('node:')) loaded.packages.add(specifier);
    }
  }
  return loaded;
}

// Starting many streams is mostly loading, once per thread; zod alone takes as long as everything else.
describe('the modules', () => {
  it.each(['workers/stream-worker.js', 'workers/sync-worker.js'])('of %s do not hold zod', (entry) => {
    const atOnce = loadedBy([entry], { later: false });
    expect([...atOnce.packages]).toEqual(['msgpackr']);
    const all = loadedBy([entry], { later: true });
    expect([...all.packages].sort()).toEqual(['lmdb', 'msgpackr', 'ws']);
    expect(all.files.size).toBeGreaterThan(atOnce.files.size);
  });

  it('that each worker loads with a service, which imports psmr, are those of clients', () => {
    const { packages, files } = loadedBy(['src/index.js'], { later: false });
    expect([...packages]).toEqual(['msgpackr']);
    expect(files.size).toBeGreaterThan(50);
  });
});
