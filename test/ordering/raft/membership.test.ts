import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../src/ordering/group-log.js';
import { SingleCore } from './single-core.js';

const WITHOUT_3: Membership = { voters: [1, 2], learners: [3] };

function acknowledge(one: SingleCore): void {
  const head = { from: 2, to: 1, term: one.core.term } as const;
  one.receive({
    ...head,
    type: 'append-reply',
    ok: true,
    index: one.log.lastIndex,
    indexTerm: 0,
    round: 0,
    unfit: false,
  });
}

describe('a change of the membership is refused', () => {
  it('by a replica that does not lead', () => {
    expect(new SingleCore().core.membershipProblem(WITHOUT_3)).toMatch('does not lead');
  });

  it('before the leader has committed anything in its term', () => {
    const one = new SingleCore();
    one.lead();
    expect(one.core.membershipProblem(WITHOUT_3)).toMatch('the leader is new');
    acknowledge(one);
    expect(one.core.membershipProblem(WITHOUT_3)).toBe(null);
  });

  it('while another is not committed', () => {
    const one = new SingleCore();
    one.lead();
    acknowledge(one);
    one.append();
    one.core.membershipAppended(WITHOUT_3, one.nowMs);
    one.settle();
    expect(one.core.membershipProblem({ voters: [1, 2, 3], learners: [] })).toMatch('another change');
    acknowledge(one);
    expect(one.core.membershipProblem({ voters: [1, 2, 3], learners: [] })).toBe(null);
  });

  it('when majorities before and after it may have nobody in common', () => {
    const one = new SingleCore();
    one.lead();
    acknowledge(one);
    for (const voters of [[1], [1, 2, 3, 4, 5], [1, 4, 5], [1, 2, 4], [], [1, 2, 2], [0, 1, 2, 3]]) {
      expect(one.core.membershipProblem({ voters, learners: [] }), voters.join()).not.toBe(null);
    }
    expect(() => one.core.membershipAppended({ voters: [1], learners: [] }, one.nowMs)).toThrow('broken invariant');
  });
});
