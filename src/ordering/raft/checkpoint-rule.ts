import type { LogPosition } from '../group-log.js';
import type { LogView } from './raft-types.js';

/**
 * Whether a log may be begun anew behind this checkpoint. To be asked at the last moment: since the checkpoint was found
 * to be needed, the log may have come up by itself, and what it has said to be durable must not go. Where it holds the
 * checkpoint's last entry it agrees with it, and what follows that entry may count (thesis 5.3).
 */
export function supersedesLog(checkpoint: LogPosition, log: LogView, commitIndex: number): boolean {
  if (checkpoint.index <= commitIndex) return false;
  return checkpoint.index > log.lastIndex || log.termOf(checkpoint.index) !== checkpoint.term;
}
