import { sfc32 } from '../../src/execution/sfc32.js';

/** A generator of numbers in [0, 1). */
export type Random = () => number;

/** Numbers in [0, 1) that follow from the seed alone, on every machine. */
export function randomSource(seed: number): Random {
  const next = sfc32(seed, Math.floor(seed / 0x1_0000_0000), 0x9e37_79b9, 15);
  return () => next() / 0x1_0000_0000;
}

/** A whole number in [0, count). */
export function below(count: number, random: Random): number {
  return Math.floor(random() * count);
}
