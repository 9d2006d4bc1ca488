import { describe, expect, test } from 'vitest';
import { renderReport } from '../../bench/measure/report-table.js';
import { type BenchOptions, parseBenchOptions } from '../../bench/options/bench-options.js';
import { runBenchmark } from '../../bench/run-benchmark.js';
import type { Contender } from '../../bench/techniques/technique.js';
import type { Variant } from '../../bench/techniques/variant.js';
import { createJob, type JobRecipe } from '../../bench/workloads/bench-job.js';
import { calibrateSpin, spin, withWork } from '../../bench/workloads/work.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';

const RATES: Readonly<Record<string, number>> = { smr: 100_000, 'p-smr': 195_000, 'sp-smr': 50_000 };

function recipeOf(options: BenchOptions): JobRecipe {
  return { options, map: createPartitionMap({ streams: options.streams }).toJson(), spinsPerUs: 1000, commandsMax: 50 };
}

function create(variant: Variant): Contender {
  return {
    variant,
    prepare: async () => undefined,
    run: async (seconds) => ({ commands: (RATES[variant.technique] ?? 0) * seconds, seconds, latencies: null }),
    verify: async () => undefined,
    stop: async () => undefined,
  };
}

async function run(line: Record<string, unknown>): ReturnType<typeof runBenchmark> {
  const options = parseBenchOptions({ keys: 100, seconds: 0.1, rounds: 2, ...line });
  const job = createJob(recipeOf(options));
  return runBenchmark(job, create, () => undefined);
}

describe('a benchmark', () => {
  test('reports every technique, with what it ran and what it reached', async () => {
    const { runs } = await run({ technique: 'smr,sp-smr,p-smr', streams: 4, workUs: 10, cross: 0.1 });
    expect(runs.map(({ technique, streams }) => [technique, streams])).toEqual([
      ['smr', 1],
      ['sp-smr', 4],
      ['p-smr', 4],
    ]);
    expect(runs[2]).toMatchObject({
      ...{
        workload: 'kv',
        cross: 0.1,
        workUs: 10,
        zipf: 0,
        feed: 'log',
        clients: null,
        durability: 'memory',
        rounds: 2,
      },
      ...{ batch: 256, latencyUs: null, ratioToFirst: expect.closeTo(1.95) as number },
      commandsPerSecond: { median: expect.closeTo(195_000) as number, min: expect.any(Number) as number },
    });
  });

  test('compares durabilities like techniques', async () => {
    const { runs } = await run({ technique: 'p-smr', feed: 'clients', durability: 'memory,sync' });
    expect(runs.map(({ technique, durability }) => `${technique} ${durability}`)).toEqual([
      'p-smr memory',
      'p-smr sync',
    ]);
    expect(renderReport(runs)).toContain('p-smr (sync)');
  });

  test('shows people a table and a sentence', async () => {
    const { runs } = await run({ technique: 'smr,p-smr', streams: 2, workUs: 10, cross: 0.1 });
    const text = renderReport(runs);
    expect(text).toMatch(/smr .* 100,000 .* 1\.00x/);
    expect(text.split('\n').at(-1)).toBe(
      'p-smr executes 195,000 commands per second, 1.95 times what smr does: median of 2 rounds of 0.1 s, ' +
        'workload kv mix a, 2 streams, 10 us of work per command, 10% cross-stream, fed from logs in memory.',
    );
  });

  test('gives all contenders the same commands, the same again for the same seed', () => {
    const options = parseBenchOptions({ keys: 100, seed: 9, workUs: 2 });
    const commandsOf = (spinsPerUs: number): unknown => createJob({ ...recipeOf(options), spinsPerUs }).commands;
    expect(commandsOf(1000)).toEqual(commandsOf(1000));
    expect(commandsOf(1000)).toHaveLength(50);
    expect(commandsOf(1000)).not.toEqual(commandsOf(500));
  });

  test('a trace that is missing is an error that names it', () => {
    const options = parseBenchOptions({ workload: 'blocks', trace: 'no-such-trace.csv' });
    expect(() => createJob(recipeOf(options))).toThrow('no-such-trace.csv');
  });
});

describe('work', () => {
  test('is calibrated by the fastest round', () => {
    const durations = [400, 100, 250];
    let now = 0;
    let reading = 0;
    const nowUs = (): number => {
      if (reading++ % 2 === 1) now += durations[Math.floor(reading / 2) % durations.length] ?? 0;
      return now;
    };
    expect(calibrateSpin(nowUs)).toBe(200_000 / 100);
  });

  test('is real: ten times the iterations take several times as long', () => {
    const timeOf = (iterations: number): number => {
      const times = Array.from({ length: 7 }, () => {
        const start = performance.now();
        spin(iterations);
        return performance.now() - start;
      });
      return Math.min(...times);
    };
    timeOf(100_000);
    expect(timeOf(2_000_000) / timeOf(200_000)).toBeGreaterThan(3);
  });

  test('is left out of light commands', () => {
    expect(withWork({ key: 'a' }, 0)).toEqual({ key: 'a' });
    expect(withWork({ key: 'a' }, 5)).toEqual({ key: 'a', spin: 5 });
  });
});
