/**
 * The group log: one ordered, replicated log per stream (groups 1..K) and one for cross-stream commands
 * (group 0, the sync group). Execution knows this interface and nothing behind it; every implementation passes
 * the contract suite in test/contract (invariant I5).
 */

import type { PsmrError } from '../errors.js';

/** What an entry is for. */
export const EntryKind = {
  /** Batches of commands; in a stream's log the list may be empty: then the entry carries a merge point alone. */
  commands: 0,
  /** Group 0 only: every partition is marked at exactly this index. */
  checkpoint: 1,
  /** Group 0 only: fills an index that a merge point names but that was lost (invariant I3). */
  noop: 2,
  /** Replicated logs only: who takes part from here on. Never handed out by `take` (a no-op stands in its place). */
  membership: 3,
} as const;
export type EntryKind = (typeof EntryKind)[keyof typeof EntryKind];

/** What a log holds at one index. */
export interface Entry {
  readonly index: number;
  readonly kind: EntryKind;
  /** ms since 1970; never decreases from one entry of a log to the next. */
  readonly timestampMs: number;
  /** In a stream's log: execute group 0 up to this index before the batch. 0 in group 0's own log. */
  readonly mergePoint: number;
  /** COMMANDS frames as their clients sent them (transport/frames.ts), undecoded. */
  readonly frames: readonly Uint8Array[];
}

export interface Proposal {
  readonly kind: EntryKind;
  readonly mergePoint: number;
  /** The proposer's clock; the log raises it to the last entry's where it is lower. */
  readonly timestampMs: number;
  /** The log keeps these bytes: the caller must not change them afterwards. */
  readonly frames: readonly Uint8Array[];
}

/** Where an index stands in a replicated log's history; part of a checkpoint, so that the log can restart behind it. */
export interface LogPosition {
  readonly index: number;
  /** The term of the entry at this index; 0 in a log that is not replicated. */
  readonly term: number;
  /** Null in a log that is not replicated. */
  readonly membership: Membership | null;
}

/** Who takes part in a replicated group, by number. Learners get the log and vote on nothing. */
export interface Membership {
  readonly voters: readonly number[];
  readonly learners: readonly number[];
}

export interface Leadership {
  /** May propose: elected, and an entry of its own term is committed. */
  readonly leading: boolean;
  /** The leader's name (in a cluster its replica number, in decimal), when known; null: this replica, or not known. */
  readonly leader: string | null;
  /** Rises with every election; entries proposed now get it as their position's term. 0 in a log that is not replicated. */
  readonly term: number;
}

export interface GroupLog {
  readonly group: number;
  /** The oldest index still held; entries below were truncated. 1 in a fresh log. */
  readonly firstIndex: number;
  /** The newest index appended here, committed or not; firstIndex - 1 when empty. */
  readonly lastIndex: number;
  /** Entries up to here are committed: never lost, never changed. */
  readonly committedIndex: number;
  /** Bytes held since the last truncation; what decides when to take a checkpoint. */
  readonly bytes: number;
  /** Whether this replica may propose, and where to go otherwise (a replica's name or address, when known). */
  readonly leadership: Leadership;
  /**
   * The highest merge point among the entries held or truncated below: one of a lost tail no more counts. A number too
   * low is harmless; one too high would keep an idle stream from following group 0.
   */
  readonly lastMergePoint: number;

  /** Appends an entry and returns its index at once; `take` hands it out when it is committed. Throws NOT_LEADER, ENGINE_STOPPED. */
  propose(proposal: Proposal): number;
  /** Sets where `take` starts. Throws DATA_CORRUPT where the index was truncated. */
  startFrom(index: number): void;
  /** The next committed entry in index order, each exactly once from startFrom's index on; null: none yet. */
  take(): Entry | null;
  /** Called (coalesced) whenever committedIndex has risen, and once with the error if the log can go on no more. */
  onCommitted: ((error: Error | null) => void) | null;
  /** Called whenever `leadership` has changed. */
  onLeadership: (() => void) | null;
  /** Called for each entry that another replica proposed, when it is appended here: it may still be lost. */
  onAppended: ((entry: Entry) => void) | null;
  /**
   * Finds the index that a linearizable read, asked for now, must see executed (invariant I4), and calls `done` with
   * it: at once, or later; or with why not (NOT_LEADER: nobody who leads answered).
   */
  readIndex(done: (index: number | PsmrError) => void): void;
  /** For a committed index, from firstIndex - 1 on. */
  positionOf(index: number): LogPosition;
  /** Resolves when entry `index`, which was proposed here, outlives a crash. A checkpoint is never ahead of its logs. */
  whenDurable(index: number): Promise<void>;
  /** Entries below `index` may go: a complete checkpoint covers them. */
  truncateBelow(index: number): Promise<void>;
  /**
   * Keeps what was proposed before. From this call on, not only when it has resolved, `propose` throws and `take` hands out
   * nothing; no read is left without an answer.
   */
  close(): Promise<void>;
}
