import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { readPlotLibrary } from '../../src/page/plot-library.js';

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
  const { script, style } = await readPlotLibrary();
  const plotScript = await readFile(fileURLToPath(new URL('browser/plots.js', import.meta.url)), 'utf8');
  return { plotLibrary: script, plotStyle: style, plotScript };
}
