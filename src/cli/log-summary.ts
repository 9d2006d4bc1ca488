/** What is in one group's log on disk. Reads only. */
import { existsSync } from 'node:fs';
import { EntryKind, type Entry } from '../ordering/group-log.js';
import { readHardState } from '../ordering/raft/hard-state-file.js';
import { groupDirectory, logIdentity, voteFile } from '../storage/data-paths.js';
import { examineLog } from '../storage/log-recovery.js';
import { readingFileSystem } from '../storage/node-file-system.js';
import type { Segment } from '../storage/segment.js';
import { SegmentList } from '../storage/segment-list.js';
import { readRecords } from '../storage/segment-reading.js';
import { commandCount, decodeCommandsFrame } from '../transport/frames.js';
import { readEntry, readReplicatedEntry, type ReadEntry, type RecordReader } from './log-records.js';

export interface LogSummary {
  readonly group: number;
  /** `sync`, or the stream's name. */
  readonly name: string;
  /** lastIndex is firstIndex - 1 where the log is empty. */
  readonly firstIndex: number;
  readonly lastIndex: number;
  readonly segments: number;
  /** Bytes of the segment files, which are created at full size. */
  readonly fileBytes: number;
  /** Bytes of the records in them. */
  readonly recordBytes: number;
  /** The rest of a write that never finished; the next start cuts it. */
  readonly tornBytes: number;
  readonly entries: EntryCounts;
  /** Commands in the entries. */
  readonly commands: number;
  /** ms since 1970, of the first and the last entry; null where the log is empty. */
  readonly timestampMs: { readonly first: number; readonly last: number } | null;
  /** Group-0 indexes that the entries name: the lowest, the highest, how many different ones; null: none. */
  readonly mergePoints: { readonly lowest: number; readonly highest: number; readonly distinct: number } | null;
  /** Null: the log is not replicated. */
  readonly replicated: ReplicatedSummary | null;
}

export interface ReplicatedSummary {
  /** Null where the log is empty. */
  readonly lastTerm: number | null;
  /** The newest term that the replica knows, and for whom it voted in that (null: nobody); null: not written yet. */
  readonly vote: { readonly term: number; readonly votedFor: number | null } | null;
}

export interface EntryCounts {
  /** With commands. */
  batches: number;
  /** With a merge point alone. */
  mergeOnly: number;
  checkpoints: number;
  noops: number;
  /** A replica's: changes of who takes part. */
  memberships: number;
}

/** Which log it is. */
export interface LogOwner {
  readonly group: number;
  readonly name: string;
  readonly epoch: number;
  /** Null: the log is not replicated. */
  readonly replica: { readonly cluster: string; readonly replica: number } | null;
}

/** Records are decoded in pieces of about this size. */
const READ_BYTES = 1 << 20;

/** Reads a log through. Throws DATA_CORRUPT, DATA_FOREIGN, DATA_MISMATCH. */
export function summarizeLog(dataDir: string, owner: LogOwner): LogSummary {
  const { group, replica } = owner;
  const tally = new EntryTally();
  const files = readFiles(groupDirectory(dataDir, group), owner, tally);
  const log = tally.summary({ ...owner, ...files });
  if (replica === null) return log;
  // After the log, which is there first: a vote that is missing beside entries is lost.
  const state = readHardState(readingFileSystem, voteFile(dataDir, group), { ...replica, group }, log);
  const vote = state === null ? null : { term: state.term, votedFor: state.votedFor === 0 ? null : state.votedFor };
  return { ...log, replicated: { lastTerm: tally.lastTerm, vote } };
}

function readFiles(path: string, { group, epoch, replica }: LogOwner, tally: EntryTally): LogFiles {
  if (!existsSync(path)) return { segments: [], tornBytes: 0 };
  const { segments, report } = examineLog({
    fileSystem: readingFileSystem,
    path,
    identity: logIdentity(group, epoch),
  });
  try {
    const read = replica === null ? readEntry : readReplicatedEntry;
    if (segments.length > 0) readEntries(new SegmentList(segments), read, (found) => tally.add(found));
    return { segments, tornBytes: report.tornBytes };
  } finally {
    for (const segment of segments) segment.file?.close();
  }
}

function readEntries(segments: SegmentList, read: RecordReader, see: (found: ReadEntry) => void): void {
  const to = segments.newest.lastIndex;
  for (let from = segments.oldest.firstIndex; from <= to;) {
    const records = readRecords(segments, [], { from, to, maxBytes: READ_BYTES });
    for (const record of records) see(read(record));
    from += records.length;
  }
}

interface LogFiles {
  readonly segments: readonly Segment[];
  readonly tornBytes: number;
}

class EntryTally {
  readonly #entries: EntryCounts = { batches: 0, mergeOnly: 0, checkpoints: 0, noops: 0, memberships: 0 };
  readonly #mergePoints = new Set<number>();
  #commands = 0;
  #timestampMs: { first: number; last: number } | null = null;
  #lastTerm: number | null = null;

  get lastTerm(): number | null {
    return this.#lastTerm;
  }

  add({ entry, term }: ReadEntry): void {
    const kind = kindOf(entry);
    this.#entries[kind]++;
    this.#lastTerm = term;
    if (kind === 'batches')
      for (const frame of entry.frames) this.#commands += commandCount(decodeCommandsFrame(frame));
    if (entry.mergePoint > 0) this.#mergePoints.add(entry.mergePoint);
    this.#timestampMs = { first: this.#timestampMs?.first ?? entry.timestampMs, last: entry.timestampMs };
  }

  summary({ group, name, segments, tornBytes }: LogFiles & Pick<LogOwner, 'group' | 'name'>): LogSummary {
    const sum = (of: (segment: Segment) => number): number => segments.reduce((bytes, each) => bytes + of(each), 0);
    return {
      group,
      name,
      firstIndex: segments.at(0)?.firstIndex ?? 1,
      lastIndex: segments.at(-1)?.lastIndex ?? 0,
      segments: segments.length,
      fileBytes: sum((segment) => segment.fileBytes),
      recordBytes: sum((segment) => segment.recordsBytes),
      tornBytes,
      entries: this.#entries,
      commands: this.#commands,
      timestampMs: this.#timestampMs,
      mergePoints: rangeOf(this.#mergePoints),
      replicated: null,
    };
  }
}

function kindOf(entry: Entry): keyof EntryCounts {
  if (entry.kind === EntryKind.checkpoint) return 'checkpoints';
  if (entry.kind === EntryKind.noop) return 'noops';
  if (entry.kind === EntryKind.membership) return 'memberships';
  return entry.frames.length > 0 ? 'batches' : 'mergeOnly';
}

/** In the order in which they were met; merge points never decrease within a log. */
function rangeOf(mergePoints: ReadonlySet<number>): LogSummary['mergePoints'] {
  const all = [...mergePoints];
  const [lowest] = all;
  const highest = all.at(-1);
  return lowest === undefined || highest === undefined ? null : { lowest, highest, distinct: mergePoints.size };
}
