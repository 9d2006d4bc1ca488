import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

export interface PlotLibrary {
  /** Defines `uPlot`. */
  readonly script: string;
  readonly style: string;
}

/** uPlot, as it is installed beside this package. */
export async function readPlotLibrary(): Promise<PlotLibrary> {
  const library = dirname(createRequire(import.meta.url).resolve('uplot'));
  const [script, style] = await Promise.all([
    readFile(join(library, 'uPlot.iife.min.js'), 'utf8'),
    readFile(join(library, 'uPlot.min.css'), 'utf8'),
  ]);
  return { script, style };
}
