import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CheckpointPace } from '../../src/replica/checkpoint-pace.js';

describe('the pace of a checkpoint', () => {
  beforeEach(() => vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => vi.useRealTimers());

  it('rests much where commands run, less once it has taken long, and not at all where none do', () => {
    let busyUs = 0;
    const pace = new CheckpointPace(() => busyUs);
    expect(pace.restMs(10)).toBe(0);
    busyUs += 100;
    expect(pace.restMs(10)).toBe(120);
    expect(pace.restMs(10)).toBe(0);
    vi.advanceTimersByTime(20_000);
    busyUs += 100;
    expect(pace.restMs(10)).toBe(30);
    busyUs += 100;
    expect(pace.restMs(1000)).toBe(500);
  });
});
