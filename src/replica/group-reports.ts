/** What the groups' workers have reported last, and what follows from all of it: who takes part, how this replica is. */
import type { Membership } from '../ordering/group-log.js';
import type { RaftStatus } from '../ordering/raft/raft-group-log-options.js';
import type { ReplicaGroupStatus } from './admin/replica-status.js';
import type { GroupStats } from './engine-stats.js';

export interface GroupReport {
  readonly status: RaftStatus;
  readonly firstIndex: number;
  /** Replicas to which the group's link is up. */
  readonly reachable: readonly number[];
}

interface Rate {
  readonly atMs: number;
  readonly commands: readonly number[];
  readonly perSecond: readonly number[];
}

const NOBODY: Membership = { voters: [], learners: [] };

export class GroupReports {
  readonly #own: number;
  readonly #names: readonly string[];
  readonly #reports = new Map<number, GroupReport>();
  /** What each group has to execute until it has recovered: all that was committed when it first heard from a leader. */
  readonly #goals = new Map<number, number>();
  #rate: Rate = { atMs: 0, commands: [], perSecond: [] };

  /** `names`: the groups', group 0 first. */
  constructor(own: number, names: readonly string[]) {
    this.#own = own;
    this.#names = names;
  }

  /** True: who takes part in the group has changed. */
  hear(group: number, report: GroupReport): boolean {
    const before = this.of(group)?.membership;
    this.#reports.set(group, report);
    const { leader, commitIndex, membership } = report.status;
    if (leader !== 0 && !this.#goals.has(group)) this.#goals.set(group, commitIndex);
    return JSON.stringify(before) !== JSON.stringify(membership);
  }

  of(group: number): RaftStatus | undefined {
    return this.#reports.get(group)?.status;
  }

  /** Null: not known. */
  membersOf(group: number): Membership | null {
    const members = this.of(group)?.membership;
    return members === undefined || members.voters.length === 0 ? null : members;
  }

  /** Who takes part in some group, or is to; null: not known of all groups. */
  get members(): readonly number[] | null {
    const all = this.#names.map((_, group) => this.membersOf(group));
    if (all.includes(null)) return null;
    return [...new Set(all.flatMap((members) => [...(members ?? NOBODY).voters, ...(members ?? NOBODY).learners]))];
  }

  /** Groups in which this replica does not vote. */
  get notVotingIn(): number[] {
    return [...this.#names.keys()].filter((group) => this.of(group)?.membership.voters.includes(this.#own) === false);
  }

  /** It has a log, and no group of it has a leader that it knows. */
  get isLeft(): boolean {
    const all = [...this.#reports.values()].map(({ status }) => status);
    return all.some(({ lastIndex }) => lastIndex > 0) && all.every(({ leader }) => leader === 0);
  }

  reaches(id: number): boolean {
    return id === this.#own || [...this.#reports.values()].some(({ reachable }) => reachable.includes(id));
  }

  /** Each group has executed what was committed when this replica came (back). */
  recovered(executedIndexes: readonly number[]): boolean {
    return this.#names.every((_, group) => (executedIndexes[group] ?? 0) >= (this.#goals.get(group) ?? Infinity));
  }

  statuses(stats: readonly GroupStats[]): ReplicaGroupStatus[] {
    this.#measure(stats.map(({ commands, entries, group }) => (group === 0 ? entries : commands)));
    return this.#names.map((name, group) => this.#status(group, name, stats[group]?.executedIndex ?? 0));
  }

  #status(group: number, name: string, executedIndex: number): ReplicaGroupStatus {
    const report = this.#reports.get(group);
    const { role = 'follower', term = 0, leader = 0, commitIndex = 0, lastIndex = 0 } = report?.status ?? {};
    const members = report?.status.membership ?? NOBODY;
    return {
      group,
      name,
      role: members.learners.includes(this.#own) ? 'learner' : role,
      term,
      leader,
      members,
      firstIndex: report?.firstIndex ?? 1,
      lastIndex,
      commitIndex,
      executedIndex,
      commandsPerSecond: this.#rate.perSecond[group] ?? 0,
      followers: (report?.status.followers ?? []).map((each) => ({
        ...each,
        silentMs: Math.max(0, each.silentMs),
        lag: Math.max(0, lastIndex - each.matchIndex),
      })),
    };
  }

  /** Rates over the last second or so: those who ask more often get the same figure. */
  #measure(commands: readonly number[]): void {
    const atMs = performance.now();
    const seconds = (atMs - this.#rate.atMs) / 1000;
    if (seconds < 0.9) return;
    const perSecond = commands.map((count, group) =>
      Math.max(0, (count - (this.#rate.commands[group] ?? count)) / seconds),
    );
    this.#rate = { atMs, commands, perSecond };
  }
}
