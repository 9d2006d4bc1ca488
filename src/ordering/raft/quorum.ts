import type { ReplicaId } from './raft-types.js';

/** The highest value that a majority of the voters has reached. `sorted` is room for the work. */
export function reachedByMajority(
  voters: readonly ReplicaId[],
  valueOf: (voter: ReplicaId) => number,
  sorted: number[],
): number {
  sorted.length = 0;
  for (const voter of voters) {
    const value = valueOf(voter);
    let at = sorted.length;
    sorted.push(value);
    for (let before = sorted[at - 1]; before !== undefined && before < value; before = sorted[at - 1]) {
      sorted[at--] = before;
    }
    sorted[at] = value;
  }
  return sorted[voters.length >> 1] ?? 0;
}

export function isMajority(voters: readonly ReplicaId[], of: ReadonlySet<ReplicaId>): boolean {
  let count = 0;
  for (const voter of voters) if (of.has(voter)) count++;
  return count * 2 > voters.length;
}
