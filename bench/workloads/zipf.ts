import type { Random } from './random-source.js';

/** Chooses a number in [0, count). */
export type Choice = (random: Random) => number;

export function uniform(count: number): Choice {
  return (random) => Math.floor(random() * count);
}

/**
 * Ranks 0, 1, 2, ... with probability proportional to 1 / (rank + 1)^theta, for theta in (0, 1): Gray et al., "Quickly
 * generating billion-record synthetic databases" (SIGMOD 1994), which YCSB uses too. Ranks 0 and 1 are exact, the others
 * follow a continuous approximation, a few percent off where the curve is steep. Set-up sums `count` terms once.
 */
export function zipfRanks(count: number, theta: number): Choice {
  const zeta = generalisedHarmonic(count, theta);
  const alpha = 1 / (1 - theta);
  const second = 1 + 0.5 ** theta;
  const eta = (1 - (2 / count) ** (1 - theta)) / (1 - second / zeta);
  return (random) => {
    const u = random();
    const mass = u * zeta;
    if (mass < 1) return 0;
    if (mass < second) return Math.min(1, count - 1);
    return Math.min(count - 1, Math.floor(count * (eta * u - eta + 1) ** alpha));
  };
}

/** The sum of 1 / i^theta for i in 1..count. */
export function generalisedHarmonic(count: number, theta: number): number {
  let sum = 0;
  for (let i = 1; i <= count; i++) sum += i ** -theta;
  return sum;
}

/** Zipf ranks spread over the whole range, so that the popular keys are no neighbours; theta 0 is uniform. */
export function scrambledZipf(count: number, theta: number): Choice {
  if (theta === 0) return uniform(count);
  const ranks = zipfRanks(count, theta);
  const step = scramblingStep(count);
  return (random) => (ranks(random) * step) % count;
}

/** A factor near count / golden ratio without a common divisor with `count`: rank * factor % count is a permutation. */
function scramblingStep(count: number): number {
  let step = Math.max(1, Math.floor(count * 0.618_033_988_749_895));
  while (commonDivisor(step, count) !== 1) step++;
  return step;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
