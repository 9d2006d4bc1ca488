/** Latencies by size: eight buckets for each doubling, from 1 us to about a minute, so within 9% of what they were. */
export const PER_DOUBLING = 8;
const DOUBLINGS = 26;
export const LATENCY_BUCKETS = DOUBLINGS * PER_DOUBLING;

export function bucketOf(us: number): number {
  if (!(us > 1)) return 0;
  return Math.min(LATENCY_BUCKETS - 1, Math.ceil(Math.log2(us) * PER_DOUBLING - 1e-9));
}

/** The largest latency of a bucket, us. */
export function bucketEndUs(bucket: number): number {
  return 2 ** (bucket / PER_DOUBLING);
}

/** The latency, us, that `share` (0 to 1) of all do not exceed; null: there are none. */
export function percentileUs(counts: ArrayLike<number>, share: number): number | null {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket++) total += counts[bucket] ?? 0;
  if (total <= 0) return null;
  let left = share * total;
  for (let bucket = 0; bucket < counts.length; bucket++) {
    left -= counts[bucket] ?? 0;
    if (left <= 0) return bucketEndUs(bucket);
  }
  return bucketEndUs(counts.length - 1);
}
