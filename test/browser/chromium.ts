/** The system's Chromium, headless, for tests of pages. */
import { existsSync } from 'node:fs';
import { type Browser, chromium as playwright } from 'playwright-core';
import { afterAll, beforeAll, describe, expect } from 'vitest';

const USUAL_PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

function chromiumPath(): string | null {
  return [process.env['CHROMIUM'] ?? '', ...USUAL_PLACES].find((path) => existsSync(path)) ?? null;
}

/**
 * null: there is none on this machine. Whoever starts it closes it.
 * @public for tests that need a browser of their own, and for taking screenshots
 */
export async function chromium(): Promise<Browser | null> {
  const executablePath = chromiumPath();
  if (executablePath === null) return null;
  // As root, as containers run tests, it starts without its sandbox alone; small shared memory is theirs too.
  const args = [...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-dev-shm-usage'];
  return playwright.launch({ executablePath, args });
}

/** Tests that share a browser; without one they are skipped, and say so. */
export function describeInBrowser(name: string, tests: (browser: () => Browser) => void): void {
  const missing = chromiumPath() === null;
  if (missing)
    process.stderr.write(`'${name}' is skipped: no Chromium (apt-get install chromium, or CHROMIUM=its path)\n`);
  describe.skipIf(missing)(name, () => {
    let browser: Browser | null = null;
    beforeAll(async () => void (browser = await chromium()));
    afterAll(async () => browser?.close());
    tests(() => browser ?? expect.unreachable('the browser has been started'));
  });
}
