/** What a replicated group log refuses, in words. */
import { PsmrError } from '../../errors.js';
import type { ReplicaId } from './raft-types.js';

export function entriesMissing(group: number, first: number, last: number, from: number): PsmrError {
  return new PsmrError(
    'DATA_CORRUPT',
    `Group ${group}'s log holds entries ${first} to ${last}, but the checkpoint needs it from ${from} on. ` +
      'Files are missing: rebuild this replica from the others.',
  );
}

export function cannotLead(group: number, replica: ReplicaId): PsmrError {
  return new PsmrError(
    'INVALID_ARGUMENT',
    `Group ${group} cannot be led by replica ${replica}: it does not vote here, or a transfer is under way.`,
  );
}

export function membersStay(group: number, problem: string): PsmrError {
  return new PsmrError('INVALID_ARGUMENT', `The members of group ${group} cannot be changed now: ${problem}.`);
}
