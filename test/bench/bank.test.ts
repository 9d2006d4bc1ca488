import { describe, expect, test } from 'vitest';
import bank from '../../bench/services/bank.js';
import { bankWorkload, expectedTotal } from '../../bench/workloads/bank.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import type { BenchCommand, WorkloadOptions } from '../../bench/workloads/workload.js';
import { asService } from '../../src/service/define-service.js';
import { take, workloadOptions } from './bench-setting.js';
import { SequentialModel } from './sequential-model.js';

function generate(options: WorkloadOptions, count: number): BenchCommand[] {
  return take(bankWorkload.generate(options, randomSource(11)), count);
}

describe('the bank workload', () => {
  test.each([0, 0.25, 1])('a share of %d of the transfers is between streams, the others stay in theirs', (cross) => {
    const options = workloadOptions({ cross, streams: 3 });
    const transfers = generate(options, 4000)
      .filter(([name]) => name === 'transfer')
      .map(([, args]) => args as { from: string; to: string });
    const { placement } = options;
    const across = transfers.filter(({ from, to }) => placement.streamOf(from) !== placement.streamOf(to));
    expect(transfers.length / 4000).toBeCloseTo(0.5, 1);
    expect(across.length / transfers.length).toBeCloseTo(cross, 1);
    for (const { from, to } of transfers) expect(from).not.toBe(to);
  });

  test('money is conserved: the total is what was deposited', () => {
    const options = workloadOptions({ cross: 0.5, zipf: 0.99 });
    const commands = [...bankWorkload.load(options), ...generate(options, 2000)];
    const model = new SequentialModel(asService(bank));
    for (const command of commands) model.execute(command);
    expect(model.execute(['total', undefined])).toBe(expectedTotal(commands));
    expect(expectedTotal(commands)).toBeGreaterThan(100 * 1_000_000);
  });

  test('an overdraft is refused and moves nothing', () => {
    const model = new SequentialModel(asService(bank));
    model.execute(['deposit', { account: 'a', amount: 3 }]);
    expect(model.execute(['transfer', { from: 'a', to: 'b', amount: 5 }])).toBe(false);
    expect(model.execute(['balance', { account: 'a' }])).toBe(3);
    expect(model.execute(['balance', { account: 'b' }])).toBe(0);
  });

  test('too few accounts for the streams asked for is an error that says so', () => {
    const options = workloadOptions({ keys: 2, cross: 0, streams: 64 });
    expect(() => generate(options, 100)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });
});
