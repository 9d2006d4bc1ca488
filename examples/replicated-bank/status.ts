/** What replicas say of themselves, and what follows from it. */
export const STREAMS = 2;
export const GROUPS = Array.from({ length: STREAMS + 1 }, (_, group) => group);
/** Entries: what a follower lacks at any moment, under load. */
const NEAR = 1000;

/** Some of what `GET /status` answers. */
export interface Status {
  readonly replica: number;
  readonly state: string;
  /** The newest checkpoint whose hashes a majority, this replica among them, agrees on. */
  readonly lastAgreedCheckpoint: number | null;
  /** Group 0 first. */
  readonly groups: readonly {
    readonly role: string;
    readonly commitIndex: number;
    readonly executedIndex: number;
  }[];
}

/** By replica, from replica 1 on; null: it does not answer. */
export type Statuses = readonly (Status | null)[];

export async function statusAt(url: string): Promise<Status | null> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(1000) });
    return (await answer.json()) as Status;
  } catch {
    return null;
  }
}

/** 0: nobody that answers. */
export function leaderOf(seen: Statuses, group: number): number {
  return seen.find((each) => each?.groups[group]?.role === 'leader')?.replica ?? 0;
}

/** All run, each group has a leader, and nobody is far behind. */
export function caughtUp(seen: Statuses): boolean {
  return GROUPS.every((group) => {
    const newest = Math.max(...seen.map((each) => each?.groups[group]?.commitIndex ?? 0));
    const isNear = (each: Status | null): boolean =>
      each?.state === 'running' && newest - (each.groups[group]?.executedIndex ?? 0) < NEAR;
    return leaderOf(seen, group) > 0 && seen.every(isNear);
  });
}

export function nameOf(group: number): string {
  return group === 0 ? 'group 0' : `stream ${group}`;
}
