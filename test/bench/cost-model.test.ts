import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildLogs } from '../../bench/logs/build-logs.js';
import { routerOf } from '../../bench/logs/route.js';
import {
  type Conditions,
  type CostModel,
  errorOf,
  fitCostModel,
  medianError,
  predictRate,
} from '../../bench/model/cost-model.js';
import { nonNegativeLeastSquares } from '../../bench/model/least-squares.js';
import { type LoadProfile, profileOf } from '../../bench/model/load-profile.js';
import kv from '../../bench/services/kv.js';
import { kvWorkload } from '../../bench/workloads/kv.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { asService } from '../../src/service/define-service.js';
import { take, workloadOptions } from './bench-setting.js';

interface Load {
  streams: number;
  cross?: number;
  batch?: number;
  zipf?: number;
}

function profile({ streams, cross = 0, batch = 64, zipf = 0 }: Load): LoadProfile {
  const options = workloadOptions({ streams, cross, zipf, keys: 1000 });
  const map = createPartitionMap({ streams });
  const route = routerOf(asService(kv), new Classifier(map));
  const commands = take(kvWorkload('a').generate(options, randomSource(7)), 4000);
  return profileOf(buildLogs(commands, route, { streams, epoch: map.epoch, batch }));
}

describe('the profile of a workload', () => {
  test('without cross-stream commands: each is executed once, by somebody', () => {
    const { streams, busiest, mean } = profile({ streams: 4 });
    expect(streams).toBe(4);
    expect(mean.executions).toBeCloseTo(1 / 4, 10);
    expect(busiest.executions).toBeGreaterThanOrEqual(1 / 4);
    expect(busiest.executions).toBeLessThan(0.3);
    expect(mean.entries).toBeCloseTo(1 / 4 / 64, 3);
    expect(busiest).toMatchObject({ crossExecutions: 0, meetings: 0 });
  });

  test('with cross-stream commands alone: each is executed by two; two streams share one meeting per entry', () => {
    const { busiest, mean } = profile({ streams: 2, cross: 1 });
    expect(mean).toMatchObject({ executions: 1, crossExecutions: 1 });
    expect(mean.meetings).toBeCloseTo(1 / 64, 3);
    expect(busiest.executions).toBe(1);
  });

  test('more streams have more pairs, so more meetings per command', () => {
    const meetings = (streams: number): number => profile({ streams, cross: 1 }).mean.meetings * streams;
    expect(meetings(4)).toBeGreaterThan(4 * meetings(2));
    expect(meetings(16)).toBeGreaterThan(2 * meetings(4));
  });

  test('popular keys make a stream busier than the others', () => {
    const busiest = (zipf: number): number => profile({ streams: 8, zipf }).busiest.executions;
    expect(busiest(0.99)).toBeGreaterThan(1.2 * busiest(0));
  });
});

const TRUE_COSTS: CostModel = { commandUs: 1.1, mixedUs: 0.3, workUs: 1.05, crossUs: 0.8, meetingUs: 40, entryUs: 3 };

/** Every shape of load that a calibration has. */
const CONDITIONS: Conditions[] = [
  ...[0, 0.05, 0.25, 1].map((cross) => ({ profile: profile({ streams: 2, cross }), workUs: 0, cores: 2 })),
  ...[1, 8, 16].map((batch) => ({ profile: profile({ streams: 2, cross: 0.25, batch }), workUs: 0, cores: 2 })),
  ...[5, 20].map((workUs) => ({ profile: profile({ streams: 2, cross: 0.1 }), workUs, cores: 2 })),
  { profile: profile({ streams: 2, batch: 8 }), workUs: 0, cores: 2 },
];

describe('the cost model', () => {
  test('finds the costs that made the points', () => {
    const points = CONDITIONS.map((each) => ({ ...each, commandsPerSecond: predictRate(TRUE_COSTS, each) }));
    const model = fitCostModel(points);
    for (const cost of ['commandUs', 'mixedUs', 'workUs', 'crossUs', 'meetingUs', 'entryUs'] as const)
      expect(model[cost]).toBeCloseTo(TRUE_COSTS[cost], 5);
    expect(medianError(model, points)).toBeLessThan(1e-6);
  });

  test('is off by no more than the measurements are', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.95, max: 1.05, noNaN: true }), { minLength: 10, maxLength: 10 }),
        (noise) => {
          const points = CONDITIONS.map((each, at) => ({
            ...each,
            commandsPerSecond: predictRate(TRUE_COSTS, each) * (noise[at] ?? 1),
          }));
          expect(medianError(fitCostModel(points), points)).toBeLessThan(0.05);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('has no cost below zero, whatever the points say', () => {
    const points = CONDITIONS.map((each, at) => ({ ...each, commandsPerSecond: 1000 + 37 * ((at * 7) % 10) }));
    for (const cost of Object.values(fitCostModel(points))) expect(cost).toBeGreaterThanOrEqual(0);
  });

  test('predicts a rate in proportion to the streams, as far as there are cores', () => {
    const rate = (streams: number, cores: number): number =>
      predictRate(TRUE_COSTS, { profile: profile({ streams }), workUs: 0, cores });
    expect(rate(8, 8) / rate(1, 1)).toBeGreaterThan(6);
    expect(rate(8, 2) / rate(1, 1)).toBeLessThan(2.1);
    expect(rate(8, 64)).toBe(rate(8, 8));
  });

  test('an error is a share of what was measured', () => {
    const [conditions] = CONDITIONS;
    if (conditions === undefined) return expect.unreachable();
    const commandsPerSecond = predictRate(TRUE_COSTS, conditions) / 1.2;
    expect(errorOf(TRUE_COSTS, { ...conditions, commandsPerSecond })).toBeCloseTo(0.2, 10);
  });
});

describe('non-negative least squares', () => {
  test('solves what has a solution, and leaves out what is determined by the others', () => {
    const rows = [[1, 0], [0, 2], [1, 1]]; // prettier-ignore
    expect(nonNegativeLeastSquares({ rows, targets: [3, 8, 7] })).toEqual([expect.closeTo(3), expect.closeTo(4)]);
    const dependent = nonNegativeLeastSquares({ rows: [[1, 1], [2, 2]], targets: [2, 4] }); // prettier-ignore
    expect(dependent.reduce((sum, value) => sum + value)).toBeCloseTo(2);
    expect(nonNegativeLeastSquares({ rows: [[1, -1], [0, 1]], targets: [1, -5] })).toEqual([expect.closeTo(1), 0]); // prettier-ignore
  });
});
