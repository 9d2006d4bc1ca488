import { describe, expect, it } from 'vitest';
import { type LeaderSight, StallWatch } from '../../src/replica/stall-watch.js';

const STALLED: LeaderSight = { leading: true, cutOff: true, diskHangs: false, stuckAt: 7 };

/** Looks every 250 ms, and says when the leader should go. */
function moments(sights: (nowMs: number) => LeaderSight, limitMs: number, electionMs = 250): number[] {
  const watch = new StallWatch(electionMs);
  const found: number[] = [];
  for (let nowMs = 0; nowMs <= limitMs; nowMs += 250) if (watch.look(sights(nowMs), nowMs)) found.push(nowMs);
  return found;
}

describe('a leader', () => {
  it('should go when it has been stuck and cut off for a second, and not again soon', () => {
    expect(moments(() => STALLED, 12_000)).toEqual([1000, 11_000]);
  });

  it('should go at once, and again soon, where the fault is its own disk', () => {
    expect(moments((nowMs) => ({ ...STALLED, diskHangs: nowMs >= 500 }), 6000)).toEqual([500, 2500, 4500]);
  });

  it('waits longer where elections do', () => {
    expect(moments(() => STALLED, 12_000, 1000)).toEqual([4000]);
  });

  it.each<[string, (nowMs: number) => LeaderSight]>([
    ['leads no more', () => ({ ...STALLED, leading: false })],
    ['reaches all groups', () => ({ ...STALLED, cutOff: false })],
    ['has nothing to execute', () => ({ ...STALLED, stuckAt: null })],
    ['executes', (nowMs) => ({ ...STALLED, stuckAt: nowMs })],
    ['is cut off for moments', (nowMs) => ({ ...STALLED, cutOff: nowMs % 1000 !== 0 })],
  ])('that %s may stay', (_, sights) => {
    expect(moments(sights, 5000)).toEqual([]);
  });
});
