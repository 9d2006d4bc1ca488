import { describe, expect, it } from 'vitest';
import { bucketEndUs, bucketOf, LATENCY_BUCKETS, percentileUs } from '../../src/metrics/latency-buckets.js';

describe('buckets of latencies', () => {
  it('end at most a tenth above what is in them', () => {
    for (let us = 1; us < 50e6; us *= 1.37) {
      expect(bucketEndUs(bucketOf(us))).toBeGreaterThanOrEqual(us * 0.999);
      expect(bucketEndUs(bucketOf(us))).toBeLessThan(us * 1.1);
    }
    expect([bucketOf(0), bucketOf(NaN), bucketOf(1e12)]).toEqual([0, 0, LATENCY_BUCKETS - 1]);
  });

  it('give percentiles', () => {
    const counts = Array.from({ length: LATENCY_BUCKETS }, () => 0);
    for (let us = 1; us <= 1000; us++) counts[bucketOf(us)] = (counts[bucketOf(us)] ?? 0) + 1;
    for (const share of [0.5, 0.9, 0.99]) {
      expect(percentileUs(counts, share)).toBeGreaterThanOrEqual(share * 1000);
      expect(percentileUs(counts, share)).toBeLessThan(share * 1000 * 1.1);
    }
    expect(percentileUs([0, 0], 0.5)).toBeNull();
  });
});
