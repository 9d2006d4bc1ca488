import { describe, expect, it } from 'vitest';
import type { RaftMessage, ReplicaId, TransferReason } from '../../../src/ordering/raft/raft-types.js';
import { ELECTION_MS, SingleCore } from './single-core.js';

/** What `from` says when it has all of the leader's log. */
function hasAll(one: SingleCore, from: ReplicaId, unfit = false): readonly RaftMessage[] {
  const { lastIndex } = one.log;
  const head = { from, to: 1, term: one.core.term } as const;
  const indexTerm = one.log.termOf(lastIndex);
  return one.receive({ ...head, type: 'append-reply', ok: true, index: lastIndex, indexTerm, round: 0, unfit });
}

const told = (messages: readonly RaftMessage[]): RaftMessage[] => messages.filter(({ type }) => type === 'timeout-now');

describe('who is told to lead is told whether somebody wants it to stay, and whether the leader cannot go on', () => {
  it.each<[TransferReason[], stay: boolean, needed: boolean]>([
    [['wanted'], true, false],
    [['needed'], false, true],
    [['preferred'], false, false],
    [['preferred', 'wanted'], true, false],
    [['wanted', 'needed'], true, true],
    [['needed', 'preferred'], false, true],
  ])('where the transfers to it are asked for as %j', (reasons, stay, needed) => {
    const one = new SingleCore();
    one.lead();
    for (const why of reasons) expect(one.core.transferLeadership(2, why, one.nowMs)).toBe(true);
    expect(told(hasAll(one, 2))).toEqual([{ type: 'timeout-now', from: 1, to: 2, term: one.core.term, stay, needed }]);
  });

  it('not by a wish that has come to nothing', () => {
    const one = new SingleCore();
    one.lead();
    hasAll(one, 3);
    one.core.transferLeadership(2, 'wanted', one.nowMs);
    one.nowMs += ELECTION_MS / 2;
    one.core.tick(one.nowMs);
    hasAll(one, 3);
    one.nowMs += ELECTION_MS / 2;
    one.core.tick(one.nowMs);
    expect(one.core).toMatchObject({ role: 'leader', transferringTo: 0 });
    one.core.transferLeadership(2, 'preferred', one.nowMs);
    expect(told(hasAll(one, 2))).toMatchObject([{ to: 2, stay: false, needed: false }]);
  });

  it('not by a wish for another, where the leader is removed', () => {
    const one = new SingleCore();
    one.lead();
    hasAll(one, 2);
    one.append();
    one.core.transferLeadership(3, 'wanted', one.nowMs);
    one.core.membershipAppended({ voters: [2, 3], learners: [] }, one.nowMs);
    one.append();
    expect(told(hasAll(one, 3))).toMatchObject([{ to: 3, stay: true }]);
    // It is committed now, and the leader's last word goes to the first that has all.
    expect(told(hasAll(one, 2))).toMatchObject([{ to: 2, stay: false, needed: true }]);
  });

  it('by a removed leader, who is fit to lead if anybody is', () => {
    const one = new SingleCore();
    one.lead();
    hasAll(one, 2);
    one.append();
    one.core.membershipAppended({ voters: [2, 3], learners: [] }, one.nowMs);
    one.append();
    hasAll(one, 3);
    expect(told(hasAll(one, 2, true))).toMatchObject([{ to: 3, stay: false, needed: true }]);
  });

  it('where it is needed now, also if another was asked, or the same was and has refused', () => {
    const one = new SingleCore();
    one.lead();
    hasAll(one, 3);
    expect(one.core.transferLeadership(2, 'preferred', one.nowMs)).toBe(true);
    expect(told(hasAll(one, 2))).toMatchObject([{ to: 2, needed: false }]);
    expect(one.core.transferLeadership(3, 'wanted', one.nowMs)).toBe(false);
    one.core.transferLeadership(2, 'needed', one.nowMs);
    expect(told(one.settle())).toMatchObject([{ to: 2, needed: true }]);
    one.core.transferLeadership(3, 'needed', one.nowMs);
    expect(told(one.settle())).toMatchObject([{ to: 3, needed: true }]);
  });
});
