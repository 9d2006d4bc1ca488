/** Prebuilt group logs, as a running system would have them: what `--feed log` executes. */

export interface LogEntry {
  /** In a stream's log: execute group 0 up to this index before the batch. 0 in group 0's own log. */
  readonly mergePoint: number;
  /** COMMANDS frames; none in an entry that carries a merge point alone. */
  readonly frames: readonly Uint8Array[];
  readonly commands: number;
}

export interface OrderedLogs {
  /** groups[g][i] is the entry with index i + 1 of group g; group 0 is the sync group. */
  readonly groups: readonly (readonly LogEntry[])[];
  /** Commands in all groups together. */
  readonly commands: number;
}

/**
 * The merge point of an entry when its logs are executed over and over, `lap` times before: every lap appends all logs
 * once more, so all of group 0's earlier laps come first.
 */
export function mergePointInLap(mergePoint: number, lap: number, syncEntries: number): number {
  return lap * syncEntries + mergePoint;
}
