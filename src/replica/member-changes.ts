/** What the leader of a group is asked by an operator: to hand over, to add a replica, to remove one. */
import { PsmrError } from '../errors.js';
import { notLeader } from '../ordering/not-leader.js';
import type { FollowerProgress } from '../ordering/raft/raft-types.js';
import type { RaftStatus } from '../ordering/raft/raft-group-log-options.js';
import type { Progress } from './admin/replica-admin.js';
import type { GroupReports } from './group-reports.js';
import type { ToWorker } from './worker-messages.js';

/** A learner that lacks no more than this votes from now on: the rest comes while it does. */
const CAUGHT_UP_ENTRIES = 1000;
/** One that has been silent for longer is not counted on by a change of members. */
const SILENT_MS_MAX = 3000;

export class MemberChanges {
  readonly #reports: GroupReports;
  readonly #post: (group: number, message: ToWorker) => void;

  constructor(reports: GroupReports, post: (group: number, message: ToWorker) => void) {
    this.#reports = reports;
    this.#post = post;
  }

  moveLeader(group: number, to: number): Progress {
    if (this.#reports.of(group)?.leader === to) return 'done';
    const { membership, followers } = this.#asLeader(group);
    if (!membership.voters.includes(to))
      throw new PsmrError(
        'INVALID_ARGUMENT',
        `Replica ${to} cannot lead group ${group}: it does not vote there. Those that do are ${membership.voters.join(', ')}.`,
      );
    if (followers.some(({ id, silentMs }) => id === to && silentMs > SILENT_MS_MAX))
      throw new PsmrError(
        'UNREACHABLE',
        `Replica ${to} cannot lead group ${group}: it does not answer. Start it first.`,
      );
    // It would not take it: each attempt keeps commands waiting.
    if (followers.some(({ id, unfit }) => id === to && unfit)) return 'under way';
    this.#post(group, { type: 'move-leader', to });
    return 'under way';
  }

  /** `reached`: its address is known. */
  add(group: number, id: number, reached: boolean): Progress {
    const { membership, membershipSettled, followers, lastIndex } = this.#asLeader(group);
    const { voters, learners } = membership;
    if (!membershipSettled) return 'under way';
    if (voters.includes(id)) return 'done';
    if (!reached)
      throw new PsmrError('INVALID_ARGUMENT', `The address of replica ${id} is not known: psmr member add tells it.`);
    if (!learners.includes(id)) return this.#change(group, { voters, learners: [...learners, id] });
    const follower = followers.find((each) => each.id === id);
    if (follower === undefined || !isThere(follower)) return 'under way';
    if (lastIndex - follower.matchIndex > CAUGHT_UP_ENTRIES) return 'under way';
    return this.#change(group, { voters: [...voters, id], learners: learners.filter((each) => each !== id) });
  }

  /** Done is what is committed: a replica that begins anew must not count any more, whoever leads next. */
  remove(group: number, id: number): Progress {
    const { membership, membershipSettled, followers } = this.#asLeader(group);
    const { voters, learners } = membership;
    if (!membershipSettled) return 'under way';
    if (!voters.includes(id) && !learners.includes(id)) return 'done';
    if (voters.length === 1 && voters.includes(id))
      throw new PsmrError('NOT_SUPPORTED', `Replica ${id} is the last one of group ${group}: it cannot be removed.`);
    const without = (ids: readonly number[]): number[] => ids.filter((each) => each !== id);
    const left = without(voters);
    const gone = left.filter((voter) => followers.some((each) => each.id === voter && !isThere(each)));
    // Without a majority there is nobody to take the change back: the group would wait for them for ever.
    if (voters.includes(id) && 2 * (left.length - gone.length) <= left.length)
      throw new PsmrError(
        'UNREACHABLE',
        `Replica ${id} stays in group ${group}: of those left, ${gone.join(', ')} did not answer or are far behind, and ` +
          'the others would be no majority. Start them, or wait for them, or remove them first.',
      );
    return this.#change(group, { voters: left, learners: without(learners) });
  }

  #change(group: number, members: RaftStatus['membership']): Progress {
    this.#post(group, { type: 'change-members', members });
    return 'under way';
  }

  #asLeader(group: number): RaftStatus {
    const status = this.#reports.of(group);
    if (status?.role !== 'leader') throw notLeader(status?.leader ?? 0);
    return status;
  }
}

/** It has answered this leader, and lately: who was never reached lacks little of a young log, too. */
function isThere({ state, silentMs }: FollowerProgress): boolean {
  return state === 'streaming' && silentMs <= SILENT_MS_MAX;
}
