import type { Membership } from '../group-log.js';
import type { ReplicaId } from './raft-types.js';

/** Why a group cannot go from one membership to the other in one step; null: it can. */
export function stepProblem(from: Membership, to: Membership): string | null {
  const everyone = [...to.voters, ...to.learners];
  if (!everyone.every((id) => Number.isSafeInteger(id) && id >= 1)) return 'a replica has a number of 1 or more';
  if (new Set(everyone).size !== everyone.length) return 'a replica is named twice';
  if (to.voters.length === 0) return 'a group needs at least one voter';
  // Majorities of two memberships that differ by one voter always share a replica (thesis 4.1).
  const changed = missing(from.voters, to.voters) + missing(to.voters, from.voters);
  return changed > 1 ? 'voters join and leave one at a time' : null;
}

function missing(of: readonly ReplicaId[], among: readonly ReplicaId[]): number {
  let count = 0;
  for (const id of of) if (!among.includes(id)) count++;
  return count;
}
