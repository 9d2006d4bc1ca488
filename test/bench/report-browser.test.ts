import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseSweep } from '../../dist/bench/options/sweep.js';
import { sectionOf, sweepPage } from '../../dist/bench/report/sweep-page.js';
import { writePage } from '../../dist/bench/report/write-page.js';
import { describeInBrowser } from '../browser/chromium.js';
import { overflow, watchedPage } from '../browser/watched-page.js';
import { runReport } from './report-runs.js';

const directory = mkdtempSync(join(tmpdir(), 'bench-page-'));
const file = join(directory, 'page.html');
const url = pathToFileURL(file).href;
afterAll(() => rmSync(directory, { recursive: true }));

/** Each kind of plot: bars, percentiles, lines over shares, a latency curve, a prediction. */
beforeAll(async () => {
  const shares = parseSweep({ cross: '0,0.01,0.5,1', technique: 'smr,no-rep,sp-smr,p-smr' });
  const overShares = shares.points.flatMap(({ cross }, at) => [
    runReport('smr', 1_000_000 - at, { cross }),
    runReport('p-smr', 2_000_000 / (1 + cross), { cross }),
  ]);
  const clients = parseSweep({ feed: 'clients' });
  const closed = [
    runReport('smr', 90_000, { feed: 'clients' }, 80),
    runReport('p-smr', 99_000, { feed: 'clients' }, 9),
  ];
  const rates = parseSweep({ feed: 'clients', rate: '10000,100000' });
  const overRates = rates.points.flatMap(({ rate }) =>
    ['smr', 'p-smr'].map((name) => runReport(name as 'smr', (rate ?? 0) * 0.99, { feed: 'clients', rate }, 30)),
  );
  const page = sweepPage(shares, overShares);
  const predicted = sectionOf('Beyond', ['A note.'], shares, overShares);
  const charts = predicted.charts.map((chart) => ({ ...chart, prediction: true }));
  const sections = [
    ...page.sections,
    sectionOf('Closed loop', [], clients, closed),
    sectionOf('Open loop', [], rates, overRates),
    { ...predicted, charts },
  ];
  await writePage(file, { ...page, sections });
});

/** Of the canvas' pixels: a plot that drew nothing has one colour. */
async function coloursOf(page: Page, plot: number): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelectorAll('canvas')[${plot}];
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
}

describeInBrowser('a report page in a browser', (browser: () => Browser) => {
  test.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ] as const)('%i pixels wide, %s: every plot is drawn, nothing is wider than the window', async (width, scheme) => {
    const viewport = { width, height: 800 };
    const { page, errors, requests } = await watchedPage(browser(), { viewport, colorScheme: scheme, offline: true });
    await page.goto(url);
    const plots = await page.locator('[data-chart] canvas').count();
    expect(plots).toBe(await page.locator('[data-chart]').count());
    for (let plot = 0; plot < plots; plot++) expect(await coloursOf(page, plot)).toBeGreaterThan(10);
    expect(await overflow(page)).toBe(0);
    expect(errors).toEqual([]);
    expect(requests).toEqual([url]);
    await page.context().close();
  });

  test('a window that changes: plots follow its width and its colours', async () => {
    const { page, errors } = await watchedPage(browser(), { viewport: { width: 1280, height: 800 } });
    await page.goto(url);
    await page.setViewportSize({ width: 390, height: 800 });
    await expect.poll(() => overflow(page)).toBe(0);
    const before = await page.locator('canvas').first().screenshot();
    await page.emulateMedia({ colorScheme: 'dark' });
    await expect.poll(async () => before.equals(await page.locator('canvas').first().screenshot())).toBe(false);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('what was not measured says so, and each line has its name', async () => {
    const { page } = await watchedPage(browser(), {});
    await page.goto(url);
    const marks = await page.evaluate<string[]>(
      "[...document.querySelectorAll('.prediction h3')].map((title) => getComputedStyle(title, '::after').content)",
    );
    expect(marks).toEqual(['"prediction"', '"prediction"']);
    for (const name of ['smr', 'p-smr', 'smr p50', 'p-smr p99'])
      expect(await page.locator('.u-legend .u-label', { hasText: new RegExp(`^${name}$`) }).count()).toBeGreaterThan(0);
    await page.context().close();
  });
});
