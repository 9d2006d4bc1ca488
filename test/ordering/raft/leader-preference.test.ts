import { describe, expect, it } from 'vitest';
import { LeaderPreference } from '../../../src/ordering/raft/leader-preference.js';
import type { Raft } from '../../../src/ordering/raft/raft-types.js';

/** A settled leader, replica 2, whose follower 1 is preferred and well. */
const core = {
  settled: true,
  membership: { voters: [1, 2, 3], learners: [] },
  followers: [{ id: 1, matchIndex: 10, state: 'streaming', silentMs: 0, unfit: false }],
} as unknown as Raft;
/** The same, when that one executes what it has missed. */
const unfit = {
  ...core,
  followers: core.followers.map((follower) => ({ ...follower, unfit: true })),
} as unknown as Raft;

/** The time from which on leadership goes back, s; null: not within five hours. */
function goesBackAfter(preference: LeaderPreference, fromS: number): number | null {
  for (let second = fromS; second < fromS + 5 * 3600; second++) {
    if (preference.wishes(core, 10, second * 1000) === 1) return second - fromS;
  }
  return null;
}

describe('the group of a preferred replica that is well', () => {
  it('goes back to it 2 s after another was elected', () => {
    const preference = new LeaderPreference(() => 1, 2);
    preference.begin(5, 0);
    expect(goesBackAfter(preference, 0)).toBe(2);
  });

  it('is not offered to it while it is unfit, and goes back 2 s after', () => {
    const preference = new LeaderPreference(() => 1, 2);
    preference.begin(5, 0);
    for (let second = 0; second < 100; second++) expect(preference.wishes(unfit, 10, second * 1000)).toBe(0);
    expect(goesBackAfter(preference, 100)).toBe(2);
  });

  it('stays with another where somebody wants it so', () => {
    const preference = new LeaderPreference(() => 1, 2);
    preference.handed(5, true);
    preference.begin(5, 0);
    expect(goesBackAfter(preference, 0)).toBeNull();
  });

  it('goes back 30 s after it was handed over in trouble, and later each time that trouble comes again', () => {
    const preference = new LeaderPreference(() => 1, 2);
    const after: (number | null)[] = [];
    for (let term = 5, now = 0; term < 15; term++) {
      preference.handed(term, false);
      preference.begin(term, now * 1000);
      const took = goesBackAfter(preference, now);
      after.push(took);
      now += (took ?? 0) + 20;
    }
    expect(after).toEqual([30, 60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]);
    preference.handed(20, false);
    preference.begin(20, 1e9);
    expect(goesBackAfter(preference, 1e6)).toBe(30);
  });

  it('is offered less and less often where the replica does not take it', () => {
    const preference = new LeaderPreference(() => 1, 2);
    preference.handed(5, false);
    preference.begin(5, 0);
    const offers: number[] = [];
    for (let second = 0; second < 1000; second++)
      if (preference.wishes(core, 10, second * 1000) === 1) offers.push(second);
    expect(offers).toEqual([30, 91, 212, 453, 934]);
  });

  it('knows of the newest time only that it was handed over', () => {
    const preference = new LeaderPreference(() => 1, 2);
    preference.handed(6, true);
    preference.handed(5, false);
    preference.begin(6, 0);
    expect(goesBackAfter(preference, 0)).toBeNull();
  });

  it('goes back 2 s after it has returned, whatever was the matter', () => {
    const preference = new LeaderPreference(() => 1, 2);
    preference.handed(5, false);
    preference.begin(5, 0);
    preference.lost(1, [1, 2, 3]);
    expect(goesBackAfter(preference, 0)).toBe(2);
  });
});
