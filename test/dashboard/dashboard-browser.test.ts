import { setTimeout as sleep } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { Engine, type EngineOptions, type ListenOptions } from 'psmr';
import { expect, onTestFinished, test } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { describeInBrowser } from '../browser/chromium.js';
import { overflow, watchedPage } from '../browser/watched-page.js';
import { serviceUrl } from '../integration/compiled.js';
import type slowly from '../integration/services/slowly.js';

interface Served {
  readonly engine: Engine;
  readonly port: number;
  readonly url: string;
}

async function serve(options: Partial<EngineOptions> = {}, port = 0): Promise<Served> {
  const engine = await Engine.start({ service: serviceUrl('slowly'), streams: 2, ...options });
  onTestFinished(() => engine.stop());
  const endpoints: ListenOptions = { port: 0, http: { port } };
  const { http } = await engine.listen(endpoints);
  return { engine, port: http?.port ?? 0, url: `http://127.0.0.1:${http?.port ?? 0}/` };
}

/** Commands of one stream and of both, until the test has ended. */
function load({ engine }: Served): void {
  const client = engine.client<typeof slowly>();
  const map = createPartitionMap({ streams: 2 });
  const keys = Array.from({ length: 200 }, (_, at) => `key-${at}`);
  const across = [1, 2].map((stream) => keys.find((key) => map.streamOf(key) === stream) ?? '');
  let ended = false;
  onTestFinished(() => void (ended = true));
  const run = async (): Promise<void> => {
    while (!ended) {
      const single = keys.map((key) => client.execute('touch', { key }));
      await Promise.all([...single, client.execute('both', { keys: across })]);
      await sleep(10);
    }
  };
  run().catch(() => undefined);
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).textContent()) ?? '';
}

/** Of its pixels: a canvas that shows nothing has one colour. */
async function coloursOf(page: Page, selector: string): Promise<number> {
  return page.evaluate<number>(`(() => {
    const canvas = document.querySelector(${JSON.stringify(selector)});
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    return new Set(new Uint32Array(data.buffer)).size;
  })()`);
}

const LIMIT = { timeout: 10_000 };

describeInBrowser('the dashboard in a browser', (browser: () => Browser) => {
  test('shows numbers that move, from nowhere but its server, at both widths and in both schemes', async () => {
    const served = await serve();
    load(served);
    const views = [1280, 390].map((width, at) => ({ width, scheme: (['light', 'dark'] as const)[at] ?? 'light' }));
    for (const { width, scheme } of views) {
      const { page, errors, requests } = await watchedPage(browser(), {
        viewport: { width, height: 900 },
        colorScheme: scheme,
      });
      await page.goto(served.url);
      const executed = async (): Promise<number> =>
        Number((await textOf(page, '#commands')).match(/([\d,]+) since/)?.[1]?.replaceAll(',', '') ?? 0);
      await expect.poll(executed, LIMIT).toBeGreaterThan(0);
      const before = await executed();
      await expect.poll(executed, LIMIT).toBeGreaterThan(before);
      await expect.poll(() => textOf(page, '.tile:first-child b'), LIMIT).toMatch(/^[1-9]/);
      await expect.poll(() => textOf(page, '.tile:nth-child(2) b'), LIMIT).toMatch(/(µs|ms|s)$/);
      await expect.poll(() => coloursOf(page, '.lane canvas'), LIMIT).toBeGreaterThan(1);
      expect(await coloursOf(page, '#heat')).toBeGreaterThan(2);
      expect(await coloursOf(page, '#throughput canvas')).toBeGreaterThan(5);
      expect(await textOf(page, '#slot')).toContain('Hottest: slot');
      expect(await overflow(page)).toBe(0);
      expect(errors).toEqual([]);
      for (const url of requests) expect(url).toMatch(new RegExp(`^(${served.url}|data:,)`));
      await page.context().close();
    }
  });

  test('says what is empty, and what is not recorded', async () => {
    const { page, errors } = await watchedPage(browser(), {});
    await page.goto((await serve()).url);
    await expect.poll(() => textOf(page, '#commands'), LIMIT).toContain('No commands yet');
    expect(await textOf(page, '#throughput')).toContain('No commands yet');
    expect(await textOf(page, '#slot')).toContain('No commands yet');
    expect(await textOf(page, '#cluster')).toContain('not replicated');
    expect(await textOf(page, '#events')).toContain('Nothing yet');
    expect(await page.locator('#unrecorded').isVisible()).toBe(false);
    await page.goto((await serve({ recording: false })).url);
    await expect.poll(() => page.locator('#unrecorded').isVisible(), LIMIT).toBe(true);
    expect(errors).toEqual([]);
    await page.context().close();
  });

  test('says when the server goes away, and when another run of it is back', async () => {
    const first = await serve();
    load(first);
    const { page } = await watchedPage(browser(), {});
    await page.goto(first.url);
    await expect.poll(() => textOf(page, '#commands'), LIMIT).toContain('touch');
    await first.engine.stop();
    await expect.poll(() => textOf(page, '#away'), LIMIT).toContain('No answer from the server since');
    expect(await page.locator('#away').isVisible()).toBe(true);
    await serve({}, first.port);
    await expect.poll(() => textOf(page, '#away'), LIMIT).toContain('answers again');
    await expect.poll(() => textOf(page, '#commands'), LIMIT).toContain('No commands yet');
    await page.context().close();
  });

  test('shows names from outside as text', async () => {
    const name = '<img src=x onerror=alert(1)>';
    const { url } = await serve({ streams: [{ name }, { name: 'b"&' }] });
    const { page, errors } = await watchedPage(browser(), {});
    await page.goto(url);
    await expect.poll(() => textOf(page, '#lanes'), LIMIT).toContain(`stream ${name}`);
    expect(await page.locator('img').count()).toBe(0);
    expect(errors).toEqual([]);
    await page.context().close();
  });
});
