/** What the leader of a group is asked by an operator: to hand over, to add a replica, to remove one. */
import { PsmrError } from '../errors.js';
import { notLeader } from '../ordering/not-leader.js';
import type { RaftStatus } from '../ordering/raft/raft-group-log-options.js';
import type { Progress } from './admin/replica-admin.js';
import type { GroupReports } from './group-reports.js';
import type { ToWorker } from './worker-messages.js';

/** A learner that lacks no more than this votes from now on: the rest comes while it does. */
const CAUGHT_UP_ENTRIES = 1000;

export class MemberChanges {
  readonly #reports: GroupReports;
  readonly #post: (group: number, message: ToWorker) => void;

  constructor(reports: GroupReports, post: (group: number, message: ToWorker) => void) {
    this.#reports = reports;
    this.#post = post;
  }

  moveLeader(group: number, to: number): Progress {
    if (this.#reports.of(group)?.leader === to) return 'done';
    this.#asLeader(group);
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
    if (follower === undefined || lastIndex - follower.matchIndex > CAUGHT_UP_ENTRIES) return 'under way';
    return this.#change(group, { voters: [...voters, id], learners: learners.filter((each) => each !== id) });
  }

  /** Done is what is committed: a replica that begins anew must not count any more, whoever leads next. */
  remove(group: number, id: number): Progress {
    const { membership, membershipSettled } = this.#asLeader(group);
    const { voters, learners } = membership;
    if (!membershipSettled) return 'under way';
    if (!voters.includes(id) && !learners.includes(id)) return 'done';
    if (voters.length === 1 && voters.includes(id))
      throw new PsmrError('NOT_SUPPORTED', `Replica ${id} is the last one of group ${group}: it cannot be removed.`);
    const without = (ids: readonly number[]): number[] => ids.filter((each) => each !== id);
    return this.#change(group, { voters: without(voters), learners: without(learners) });
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
