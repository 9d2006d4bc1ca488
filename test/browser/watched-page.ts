import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

interface WatchedPage {
  readonly page: Page;
  /** Errors on the console, uncaught ones, requests that failed. */
  readonly errors: readonly string[];
  /** All it asked for, the page itself first. */
  readonly requests: readonly string[];
}

/** Closed with the browser, or by `page.context().close()`. */
export async function watchedPage(browser: Browser, options: BrowserContextOptions): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('pageerror', (error) => void errors.push(String(error)));
  page.on('requestfailed', (request) => void errors.push(`${request.url()}: ${request.failure()?.errorText ?? ''}`));
  page.on('request', (request) => void requests.push(request.url()));
  return { page, errors, requests };
}

/** Pixels by which the page is wider than the window: then it scrolls sideways. */
export async function overflow(page: Page): Promise<number> {
  return page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');
}
