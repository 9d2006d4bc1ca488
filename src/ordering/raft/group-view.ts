/** What a replica's group log concludes from the state of its core. */
import type { Leadership } from '../group-log.js';
import type { RaftStatus } from './raft-group-log-options.js';
import type { RaftLog } from './raft-log.js';
import type { FollowerProgress, Raft, ReplicaId } from './raft-types.js';

/** A follower that was silent for this many election timeouts fetches a checkpoint when it is back. */
const GONE_AFTER_ELECTIONS = 10;

/** A leader is one that may take commands: its first entry is committed, and it is not handing over. */
export function leadershipOf({ role, settled, transferringTo, leader, term }: Raft, replica: ReplicaId): Leadership {
  const leading = role === 'leader' && settled && transferringTo === 0;
  const name = transferringTo !== 0 ? transferringTo : leader;
  const known = leading || name === 0 || name === replica ? null : String(name);
  return { leading, leader: known, term };
}

/** Who is fit to lead before who is not, and who has more before who has less. */
export function betterSuccessor(a: FollowerProgress, b: FollowerProgress): number {
  return Number(a.unfit) - Number(b.unfit) || b.matchIndex - a.matchIndex;
}

export function isSameLeadership(a: Leadership, b: Leadership): boolean {
  return a.leading === b.leading && a.leader === b.leader && a.term === b.term;
}

/** The oldest entry that has to stay when those below `index` may go. */
export function neededFrom(index: number, followers: readonly FollowerProgress[], electionMs: number): number {
  const live = followers.filter((follower) => follower.silentMs < electionMs * GONE_AFTER_ELECTIONS);
  return unsentFrom(index, live);
}

/** The oldest entry that is yet to be executed here, from `next` on, or that one of the followers may have to get. */
export function unsentFrom(next: number, followers: readonly FollowerProgress[]): number {
  let index = next;
  for (const { matchIndex } of followers) index = Math.min(index, matchIndex + 1);
  return index;
}

export function statusOf(
  { role, term, leader, commitIndex, membership, followers, settled }: Raft,
  { lastIndex, membershipIndex }: RaftLog,
  diskHangs: boolean,
): RaftStatus {
  const membershipSettled = settled && membershipIndex <= commitIndex;
  return { role, term, leader, commitIndex, lastIndex, membership, membershipSettled, followers, diskHangs };
}
