import type { RaftGroupLog } from '../../../src/ordering/raft/raft-group-log.js';

/** Entries of older terms are committed along with one of the leader's own, and never by themselves (paper 5.4.2). */
export function checkCommitOfOwnTerm(replica: number, log: RaftGroupLog): void {
  const { role, term } = log.status;
  if (role === 'leader' && log.positionOf(log.committedIndex).term !== term)
    throw new Error(`leader ${replica} commits entry ${log.committedIndex} of an old term`);
}
