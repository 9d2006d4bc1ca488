import { randomInt } from 'node:crypto';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

// One seed for all properties of a run: printed, and given back by FAST_CHECK_SEED to replay it.
const seed = process.env['FAST_CHECK_SEED'] ?? String(randomInt(2 ** 31));
process.env['FAST_CHECK_SEED'] = seed;
if (process.env['VITEST'] !== undefined)
  process.stderr.write(`fast-check seed ${seed} (replay with FAST_CHECK_SEED=${seed})\n`);

// Pure code and files: two at a time do not disturb each other. All else starts processes and threads of its own, and
// some of that has deadlines: one at a time, afterwards.
const SIDE_BY_SIDE = [
  'bench',
  'classifier',
  'cli',
  'client',
  'config',
  'contract',
  'examples',
  'execution',
  'linearizability',
  'ordering',
  'replica',
  'service',
]
  .concat('simulation', 'storage')
  .map((folder) => `test/${folder}/**/*.test.ts`);

/** They take longest by far: were one of them last, it would run alone. */
const LONGEST = ['simulation/raft-cluster', 'bench/techniques', 'bench/peers', 'cli/examples', 'cli/readme-commands'];

/** Vitest knows how long files took the last time; in a clean clone it goes by their size, which says little. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification): boolean =>
      LONGEST.some((name) => moduleId.endsWith(`/test/${name}.test.ts`));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: { name: 'side by side', include: SIDE_BY_SIDE, maxWorkers: 2, sequence: { groupOrder: 0 } },
      },
      {
        extends: true,
        test: {
          name: 'one by one',
          include: ['test/**/*.test.ts'],
          exclude: SIDE_BY_SIDE,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
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
