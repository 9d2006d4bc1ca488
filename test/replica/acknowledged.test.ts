import { describe, expect, it } from 'vitest';
import { acknowledgedBy, checkHeld } from '../../src/replica/acknowledged.js';
import type { ReplicaStatus } from '../../src/replica/admin/replica-status.js';

/** What `replica` says: it leads group 1, or believes so, in `term`, and replica 2 has acknowledged `matchIndex`. */
function leader(replica: number, term: number, matchIndex: number, role = 'leader'): ReplicaStatus {
  const followers = [{ id: 2, matchIndex, state: 'streaming', silentMs: 0, lag: 0 }];
  return { replica, groups: [{ group: 1, role, term, followers }] } as unknown as ReplicaStatus;
}

describe('what others remember of a replica that starts', () => {
  it('is what it has acknowledged to the newest leader', () => {
    expect(acknowledgedBy(2, [leader(1, 4, 90), leader(3, 5, 70)]).get(1)).toEqual({ leader: 3, term: 5, index: 70 });
    expect(acknowledgedBy(2, [leader(3, 5, 70), leader(1, 4, 90)]).get(1)).toEqual({ leader: 3, term: 5, index: 70 });
    expect(acknowledgedBy(2, [leader(1, 4, 0)]).size).toBe(0);
    expect(acknowledgedBy(2, [leader(1, 4, 90, 'follower')]).size).toBe(0);
    expect(acknowledgedBy(5, [leader(1, 4, 90)]).size).toBe(0);
  });

  it.each([
    ['an entry', 5, 69],
    ['the term, and with it a vote', 4, 70],
    ['both', 3, 10],
  ])('is missed where its disk has lost %s', (_, term, index) => {
    const check = (): void =>
      checkHeld({ leader: 3, term: 5, index: 70 }, 1, { term, index, dataDir: 'data/replica-2' });
    expect(check).toThrow(
      /data\/replica-2 is older than what this replica has acknowledged: replica 3, .*entry 70 of term 5/,
    );
  });

  it.each([
    ['all of it', 5, 70],
    ['more', 5, 80],
    ['a newer term, whose leader may have replaced entries', 6, 10],
  ])('is not missed where it has %s', (_, term, index) => {
    checkHeld({ leader: 3, term: 5, index: 70 }, 1, { term, index, dataDir: 'data/replica-2' });
  });
});
