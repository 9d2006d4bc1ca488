import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';

// One seed for all properties of a run: printed, and given back by FAST_CHECK_SEED to replay it.
const seed = process.env['FAST_CHECK_SEED'] ?? String(randomInt(2 ** 31));
process.env['FAST_CHECK_SEED'] = seed;
if (process.env['VITEST'] !== undefined)
  process.stderr.write(`fast-check seed ${seed} (replay with FAST_CHECK_SEED=${seed})\n`);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/fast-check-seed.ts'],
    env: { FAST_CHECK_SEED: seed },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Processes, not threads: tests start worker threads and native modules of their own.
    pool: 'forks',
    // The built package runs as its users run it, untouched by the test runner.
    server: { deps: { external: [/\/dist\//] } },
  },
});
