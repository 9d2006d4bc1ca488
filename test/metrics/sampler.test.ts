import { describe, expect, it } from 'vitest';
import { Sampler } from '../../src/metrics/sampler.js';

let nowUs = 0;

/** Which of `count` things that come in each 2 ms are chosen, over some time. */
function chosenOf(sampler: Sampler, count: number, intervals: number): number[] {
  const chosen: number[] = [];
  for (let interval = 0; interval < intervals; interval++) {
    for (let at = 0; at < count; at++) {
      if (sampler.skip > 0) sampler.skip--;
      else {
        sampler.chosen();
        chosen.push(at);
      }
    }
    sampler.turn((nowUs += 2000));
  }
  return chosen;
}

describe('what is looked at', () => {
  it('is everything while it is little', () => {
    expect(chosenOf(new Sampler(), 8, 100)).toHaveLength(800);
  });

  it('is about eight per interval where it is much', () => {
    const sampler = new Sampler();
    chosenOf(sampler, 5000, 5);
    const chosen = chosenOf(sampler, 5000, 1000).length / 1000;
    expect(chosen).toBeGreaterThan(6);
    expect(chosen).toBeLessThan(11);
  });

  it('is of all that comes alike, whatever its order', () => {
    const sampler = new Sampler();
    chosenOf(sampler, 1000, 5);
    const chosen = chosenOf(sampler, 1000, 2000);
    for (let tenth = 0; tenth < 10; tenth++) {
      const share = chosen.filter((at) => Math.floor(at / 100) === tenth).length / chosen.length;
      expect(share).toBeGreaterThan(0.08);
      expect(share).toBeLessThan(0.12);
    }
  });

  it('is everything again once it is little again', () => {
    const sampler = new Sampler();
    chosenOf(sampler, 100_000, 3);
    chosenOf(sampler, 1, 2);
    expect(chosenOf(sampler, 4, 10).length).toBeGreaterThan(36);
  });

  it('is little of a burst that nothing announced', () => {
    expect(chosenOf(new Sampler(), 1_000_000, 1).length).toBeLessThan(150);
  });
});
