/** What is in one group's log on disk. Reads only. */
import { existsSync } from 'node:fs';
import { decodeEntry } from '../ordering/entry-codec.js';
import { EntryKind, type Entry } from '../ordering/group-log.js';
import { groupDirectory, logIdentity } from '../storage/data-paths.js';
import { examineLog } from '../storage/log-recovery.js';
import { readingFileSystem } from '../storage/node-file-system.js';
import type { Segment } from '../storage/segment.js';
import { SegmentList } from '../storage/segment-list.js';
import { readRecords } from '../storage/segment-reading.js';
import { commandCount, decodeCommandsFrame } from '../transport/frames.js';

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
}

export interface EntryCounts {
  /** With commands. */
  batches: number;
  /** With a merge point alone. */
  mergeOnly: number;
  checkpoints: number;
  noops: number;
}

/** Records are decoded in pieces of about this size. */
const READ_BYTES = 1 << 20;

/** Reads a log through. Throws DATA_CORRUPT, DATA_FOREIGN, DATA_MISMATCH. */
export function summarizeLog(dataDir: string, group: number, name: string, epoch: number): LogSummary {
  const path = groupDirectory(dataDir, group);
  if (!existsSync(path)) return new EntryTally().summary({ group, name, segments: [], tornBytes: 0 });
  const { segments, report } = examineLog({
    fileSystem: readingFileSystem,
    path,
    identity: logIdentity(group, epoch),
  });
  try {
    const tally = new EntryTally();
    if (segments.length > 0) readEntries(new SegmentList(segments), (entry) => tally.add(entry));
    return tally.summary({ group, name, segments, tornBytes: report.tornBytes });
  } finally {
    for (const segment of segments) segment.file?.close();
  }
}

function readEntries(segments: SegmentList, see: (entry: Entry) => void): void {
  const to = segments.newest.lastIndex;
  for (let from = segments.oldest.firstIndex; from <= to;) {
    const records = readRecords(segments, [], { from, to, maxBytes: READ_BYTES });
    for (const { index, bytes } of records) see(decodeEntry(index, bytes));
    from += records.length;
  }
}

interface LogFiles {
  readonly group: number;
  readonly name: string;
  readonly segments: readonly Segment[];
  readonly tornBytes: number;
}

class EntryTally {
  readonly #entries: EntryCounts = { batches: 0, mergeOnly: 0, checkpoints: 0, noops: 0 };
  readonly #mergePoints = new Set<number>();
  #commands = 0;
  #timestampMs: { first: number; last: number } | null = null;

  add(entry: Entry): void {
    this.#entries[kindOf(entry)]++;
    for (const frame of entry.frames) this.#commands += commandCount(decodeCommandsFrame(frame));
    if (entry.mergePoint > 0) this.#mergePoints.add(entry.mergePoint);
    this.#timestampMs = { first: this.#timestampMs?.first ?? entry.timestampMs, last: entry.timestampMs };
  }

  summary({ group, name, segments, tornBytes }: LogFiles): LogSummary {
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
    };
  }
}

function kindOf(entry: Entry): keyof EntryCounts {
  if (entry.kind === EntryKind.checkpoint) return 'checkpoints';
  if (entry.kind === EntryKind.noop) return 'noops';
  return entry.frames.length > 0 ? 'batches' : 'mergeOnly';
}

/** In the order in which they were met; merge points never decrease within a log. */
function rangeOf(mergePoints: ReadonlySet<number>): LogSummary['mergePoints'] {
  const all = [...mergePoints];
  const [lowest] = all;
  const highest = all.at(-1);
  return lowest === undefined || highest === undefined ? null : { lowest, highest, distinct: mergePoints.size };
}
