import { PsmrError } from '../errors.js';

/** Nothing was taken: another replica (0: not known which) leads the group. */
export function notLeader(leader: number): PsmrError {
  const where = leader === 0 ? 'Which one does is not known: try again in a moment' : `Send it to replica ${leader}`;
  return new PsmrError('NOT_LEADER', `This replica does not lead the group. ${where}.`, { details: { leader } });
}
