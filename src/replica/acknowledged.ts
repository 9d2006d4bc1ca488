/**
 * Notices an old copy of a replica's data directory. What a replica has acknowledged may have been committed because of
 * that, so one that has lost it must not vote. The leaders of the groups remember what it has acknowledged to them in
 * their term; one that leads for the first time since knows nothing, so an old copy may go unnoticed (docs/operating.md).
 */
import { PsmrError } from '../errors.js';
import type { ReplicaStatus } from './admin/replica-status.js';

/** To the leader of a group, in its term: all entries up to this index. */
export interface Acknowledged {
  readonly leader: number;
  readonly term: number;
  readonly index: number;
}

/** By group, as the leaders among the others say; of two that believe to lead a group, the newer one knows. */
export function acknowledgedBy(replica: number, others: Iterable<ReplicaStatus>): Map<number, Acknowledged> {
  const found = new Map<number, Acknowledged>();
  for (const { replica: leader, groups } of others)
    for (const { group, role, term, followers } of groups) {
      const index = followers.find(({ id }) => id === replica)?.matchIndex ?? 0;
      if (role === 'leader' && index > 0 && term > (found.get(group)?.term ?? 0))
        found.set(group, { leader, term, index });
    }
  return found;
}

/**
 * Throws DATA_CORRUPT where something of that is missing here. `held`: the newest term and index of the group on this
 * disk. What was acknowledged in an older term may have been replaced since, by a leader that knew better.
 */
export function checkHeld(
  acknowledged: Acknowledged,
  group: number,
  held: { readonly term: number; readonly index: number; readonly dataDir: string },
): void {
  const { leader, term, index } = acknowledged;
  if (held.term > term || (held.term === term && held.index >= index)) return;
  throw new PsmrError(
    'DATA_CORRUPT',
    `${held.dataDir} is older than what this replica has acknowledged: replica ${leader}, which leads group ${group}, ` +
      `has its word for entry ${index} of term ${term}, and here is entry ${held.index} of term ${held.term}. It is an old ` +
      'copy, or its disk has lost what was synced.',
  );
}
