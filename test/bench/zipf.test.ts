import { describe, expect, test } from 'vitest';
import { randomSource } from '../../bench/workloads/random-source.js';
import { generalisedHarmonic, scrambledZipf, uniform, zipfRanks, type Choice } from '../../bench/workloads/zipf.js';

const DRAWS = 200_000;

function countDraws(choice: Choice, count: number): number[] {
  const random = randomSource(7);
  const counts = Array.from({ length: count }, () => 0);
  for (let i = 0; i < DRAWS; i++) {
    const drawn = choice(random);
    counts[drawn] = (counts[drawn] ?? Number.NaN) + 1;
  }
  return counts;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

describe('zipf ranks', () => {
  const count = 1000;
  const theta = 0.99;
  const counts = countDraws(zipfRanks(count, theta), count);
  const expected = (ranks: number): number =>
    (DRAWS * generalisedHarmonic(ranks, theta)) / generalisedHarmonic(count, theta);

  test('the two most popular ranks have exactly their share', () => {
    expect(counts[0]).toBeCloseTo(expected(1), -3);
    expect((counts[0] ?? 0) + (counts[1] ?? 0)).toBeCloseTo(expected(2), -3);
  });

  test.each([10, 50, 100, 500])('the first %i ranks together have their share, within 5%', (ranks) => {
    expect(Math.abs(sum(counts.slice(0, ranks)) / expected(ranks) - 1)).toBeLessThan(0.05);
  });

  test('every draw is a rank', () => {
    expect(counts).toHaveLength(count);
    expect(sum(counts)).toBe(DRAWS);
  });
});

describe('scrambled zipf', () => {
  test('has the same popularities as the ranks, at other keys', () => {
    const ranks = countDraws(zipfRanks(101, 0.9), 101);
    const scrambled = countDraws(scrambledZipf(101, 0.9), 101);
    expect(scrambled.toSorted((a, b) => a - b)).toEqual(ranks.toSorted((a, b) => a - b));
    expect(scrambled).not.toEqual(ranks);
  });

  test('does not put the most popular keys next to each other', () => {
    const counts = countDraws(scrambledZipf(1000, 0.99), 1000);
    const hottest = [...counts.keys()].toSorted((a, b) => (counts[b] ?? 0) - (counts[a] ?? 0));
    expect(Math.abs((hottest[0] ?? 0) - (hottest[1] ?? 0))).toBeGreaterThan(10);
  });

  test('with exponent 0 is uniform', () => {
    const counts = countDraws(scrambledZipf(10, 0), 10);
    for (const count of counts) expect(Math.abs(count / (DRAWS / 10) - 1)).toBeLessThan(0.03);
  });

  test('works with very few keys', () => {
    for (const count of [1, 2, 3]) {
      const drawn = new Set(Array.from({ length: 200 }, (_, i) => scrambledZipf(count, 0.99)(() => i / 200)));
      expect([...drawn].every((each) => each >= 0 && each < count)).toBe(true);
    }
  });
});

describe('a random source', () => {
  test('repeats itself for the same seed and differs for another', () => {
    const draw = (seed: number): number[] => Array.from({ length: 20 }, ((random) => random)(randomSource(seed)));
    expect(draw(5)).toEqual(draw(5));
    expect(draw(5)).not.toEqual(draw(6));
    expect(uniform(10)(randomSource(5))).toBe(uniform(10)(randomSource(5)));
  });
});
