import { writeFile } from 'node:fs/promises';
import type { Page } from './page.js';
import { readPageAssets } from './page-assets.js';
import { renderPage } from './render-page.js';

export async function writePage(file: string, page: Page): Promise<void> {
  await writeFile(file, renderPage(page, await readPageAssets()));
}
