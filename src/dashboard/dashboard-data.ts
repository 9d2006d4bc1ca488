/** What the server sends to the page. Types alone: both sides import them. */
import type { LoggedEvent } from '../metrics/event-log.js';
import type { ReplicaStatus } from '../replica/admin/replica-status.js';

export type { LoggedEvent, ReplicaStatus };

/** One second of all groups. */
export interface Sample {
  /** Its end, since 1970. */
  readonly atMs: number;
  /** Commands of all streams per second, and those of them that failed. */
  readonly commands: number;
  readonly failed: number;
  /** Of the frames answered in this second, ms; null: none was looked at. */
  readonly latency: Percentiles | null;
  /** Group 0 first. */
  readonly groups: readonly GroupSample[];
}

export interface Percentiles {
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
}

export interface GroupSample {
  /** Per second. Group 0: entries. */
  readonly commands: number;
  /** Of the commands, those of several streams that were executed here. */
  readonly cross: number;
  /** Frames of this group's own log, per second, and the commands in them. */
  readonly frames: number;
  readonly batched: number;
  /** Shares of the time; together 1. All 0: nothing is recorded. */
  readonly busy: number;
  readonly merge: number;
  readonly idle: number;
  /** Waiting at rendezvous, by the stream that came last, or has not come. */
  readonly rendezvous: readonly { readonly stream: number; readonly share: number }[];
  /** Committed entries that are not executed. */
  readonly behind: number;
  readonly queuedBytes: number;
}

export interface CommandRow {
  readonly name: string;
  readonly count: number;
  readonly perSecond: number;
  /** Of those that were timed since the start; null: none was. */
  readonly meanUs: number | null;
}

export interface GroupNow {
  readonly name: string;
  readonly keys: number;
  readonly sessions: number;
  readonly connections: number;
  readonly logBytes: number;
  /** What it waits for now; `stream`: at a rendezvous, for this one. Null: nothing is recorded. */
  readonly now: { readonly state: string; readonly stream: number; readonly sinceMs: number } | null;
}

export interface DashboardData {
  readonly service: string;
  /** Other than before: the server was started anew. */
  readonly startedMs: number;
  readonly nowMs: number;
  readonly recording: boolean;
  readonly commands: number;
  readonly failedCommands: number;
  readonly keys: number;
  readonly checkpoints: number;
  readonly lastCheckpoint: number | null;
  /** Group 0 first. */
  readonly groups: readonly GroupNow[];
  /** Those after the one asked for. */
  readonly samples: readonly Sample[];
  readonly commandRows: readonly CommandRow[];
  /** By slot: accesses that were looked at, the older the less they count. */
  readonly heat: readonly number[];
  /** The stream of each slot. */
  readonly slotStreams: readonly number[];
  /** Null: not replicated. */
  readonly replica: ReplicaStatus | null;
  /** Those after the one asked for. */
  readonly events: readonly LoggedEvent[];
}
