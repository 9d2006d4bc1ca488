import type { Recorded } from '../metrics/read-recordings.js';
import { Counters, type CounterName } from '../memory/counters.js';

/** The counters of one group's worker (memory/counters.ts says what each means). */
export interface GroupStats extends Record<CounterName, number> {
  /** 0: the sync group; 1..K: the streams. */
  readonly group: number;
  readonly name: string;
}

export interface EngineStats {
  readonly service: string;
  readonly streams: number;
  readonly upMs: number;
  /** Commands executed by all streams, each counted once. */
  readonly commands: number;
  readonly failedCommands: number;
  readonly keys: number;
  readonly checkpoints: number;
  /** Group-0 index of the newest complete checkpoint; null: none yet. */
  readonly lastCheckpoint: number | null;
  readonly groups: readonly GroupStats[];
  /** Null: with `recording: false`. */
  readonly recorded: Recorded | null;
}

export function readGroupStats(memory: SharedArrayBuffer, names: readonly string[]): GroupStats[] {
  return ['sync', ...names].map((name, group) => ({ group, name, ...new Counters(memory, group).all() }));
}
