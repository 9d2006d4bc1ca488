import { describe, expect, it } from 'vitest';
import type { RaftStatus } from '../../src/ordering/raft/raft-group-log-options.js';
import type { FollowerProgress } from '../../src/ordering/raft/raft-types.js';
import { GroupReports } from '../../src/replica/group-reports.js';
import { MemberChanges } from '../../src/replica/member-changes.js';
import type { ToWorker } from '../../src/replica/worker-messages.js';

const there = (id: number): FollowerProgress => ({
  id,
  matchIndex: 20,
  state: 'streaming',
  silentMs: 10,
  unfit: false,
});
const silent = (id: number): FollowerProgress => ({
  id,
  matchIndex: 20,
  state: 'streaming',
  silentMs: 4000,
  unfit: false,
});
/** A leader that was elected a moment ago counts its own time. */
const unheard = (id: number): FollowerProgress => ({ id, matchIndex: 0, state: 'probing', silentMs: 10, unfit: false });

/** What replica 1, leader of group 0, makes of what it is asked. */
function leading(
  voters: number[],
  learners: number[],
  followers: FollowerProgress[],
): { changes: MemberChanges; posted: ToWorker[] } {
  const reports = new GroupReports(1, ['sync']);
  const membership = { voters, learners };
  const status = { role: 'leader', term: 1, leader: 1, commitIndex: 20, lastIndex: 20, membership, followers };
  reports.hear(0, {
    status: { ...status, membershipSettled: true, diskHangs: false } as RaftStatus,
    firstIndex: 1,
    reachable: [],
  });
  const posted: ToWorker[] = [];
  return { changes: new MemberChanges(reports, (_, message) => posted.push(message)), posted };
}

describe('a replica that is added', () => {
  it.each([
    ['was never reached, and lacks little as the log is young', unheard(4)],
    ['has gone again', silent(4)],
  ])('does not vote while it %s', (_, fourth) => {
    const { changes, posted } = leading([1, 2, 3], [4], [there(2), there(3), fourth]);
    expect(changes.add(0, 4, true)).toBe('under way');
    expect(posted).toEqual([]);
  });

  it('votes when it has caught up', () => {
    const { changes, posted } = leading([1, 2, 3], [4], [there(2), there(3), there(4)]);
    changes.add(0, 4, true);
    expect(posted).toEqual([{ type: 'change-members', members: { voters: [1, 2, 3, 4], learners: [] } }]);
  });
});

describe('a replica that is to be removed', () => {
  it.each([
    ['another is away', [silent(2), there(3)]],
    ['another was not heard of by the new leader', [unheard(2), there(3)]],
  ])('stays where those left would be no majority, as %s', (_, followers) => {
    const { changes, posted } = leading([1, 2, 3], [], followers);
    for (const id of [1, 3])
      expect(() => changes.remove(0, id)).toThrow(/stays in group 0: of those left, 2 did not answer/);
    expect(posted).toEqual([]);
  });

  it.each([
    ['is itself the one that is away', [1, 2, 3], 2, [silent(2), there(3)]],
    ['leaves a majority, though another is away', [1, 2, 3, 4], 3, [silent(2), there(3), there(4)]],
    ['leaves one', [1, 2], 2, [there(2)]],
  ])('goes where it %s', (_, voters, id, followers) => {
    const { changes, posted } = leading(voters, [], followers);
    expect(changes.remove(0, id)).toBe('under way');
    expect(posted).toEqual([
      { type: 'change-members', members: { voters: voters.filter((each) => each !== id), learners: [] } },
    ]);
  });
});

describe('a replica that is to lead', () => {
  it('is told to stand', () => {
    const { changes, posted } = leading([1, 2, 3], [4], [there(2), silent(3), there(4)]);
    expect(changes.moveLeader(0, 2)).toBe('under way');
    expect(posted).toEqual([{ type: 'move-leader', to: 2 }]);
  });

  it('is not told to while it would not take the group', () => {
    const { changes, posted } = leading([1, 2, 3], [], [{ ...there(2), unfit: true }, there(3)]);
    expect(changes.moveLeader(0, 2)).toBe('under way');
    expect(posted).toEqual([]);
  });

  it.each([
    ['votes nowhere', 9, /^Replica 9 cannot lead group 0: it does not vote there. Those that do are 1, 2, 3.$/],
    ['only learns', 4, /it does not vote there/],
    ['is away', 3, /^Replica 3 cannot lead group 0: it does not answer. Start it first.$/],
  ])('is refused at once where it %s', (_, to, sentence) => {
    const { changes, posted } = leading([1, 2, 3], [4], [there(2), silent(3), there(4)]);
    expect(() => changes.moveLeader(0, to)).toThrow(sentence);
    expect(posted).toEqual([]);
  });
});
