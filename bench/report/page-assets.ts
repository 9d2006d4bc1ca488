import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What a page holds besides its data. */
export interface PageAssets {
  /** uPlot, which defines `uPlot`. */
  readonly plotLibrary: string;
  readonly plotStyle: string;
  /** browser/plots.ts, compiled. */
  readonly plotScript: string;
}

/** From the built package, beside which the library is installed. */
export async function readPageAssets(): Promise<PageAssets> {
  const library = dirname(createRequire(import.meta.url).resolve('uplot'));
  const [plotLibrary, plotStyle, plotScript] = await Promise.all([
    readFile(join(library, 'uPlot.iife.min.js'), 'utf8'),
    readFile(join(library, 'uPlot.min.css'), 'utf8'),
    readFile(fileURLToPath(new URL('browser/plots.js', import.meta.url)), 'utf8'),
  ]);
  return { plotLibrary, plotStyle, plotScript };
}
