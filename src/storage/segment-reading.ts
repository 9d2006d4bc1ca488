import { invariant } from '../errors.js';
import { RecordKind, readPayload, readRecordHeader } from './segment-format.js';
import { corrupt } from './storage-error.js';
import type { StoredRecord } from './log-store.js';
import type { SegmentList } from './segment-list.js';
import type { Segment } from './segment.js';
import type { WriteRun } from './write-run.js';

/** The last index to read so that the records from `from` on take about `maxBytes`; at least `from`. */
function lastWithin(segment: Segment, from: number, until: number, maxBytes: number): number {
  const limit = segment.offsetOf(from) + maxBytes;
  let last = from;
  while (last < until && segment.offsetOf(last + 1) < limit) last++;
  return last;
}

function recordAt(bytes: Uint8Array, at: number, index: number, segment: Segment): Uint8Array | null {
  const header = readRecordHeader(bytes, at, segment.salt);
  if (header?.kind !== RecordKind.record || header.index !== index) return null;
  return readPayload(bytes, at, header, segment.salt);
}

/** Reads records from..until (or about `maxBytes` of them) of one segment from its file, verified. Throws DATA_CORRUPT. */
function readStored(segment: Segment, from: number, until: number, maxBytes: number): StoredRecord[] {
  const { file } = segment;
  invariant(file !== null, 'records that are written have a file');
  const last = lastWithin(segment, from, until, maxBytes);
  const start = segment.offsetOf(from);
  const bytes = file.read(start, segment.offsetOf(last + 1) - start);
  const records: StoredRecord[] = [];
  for (let index = from; index <= last; index++) {
    const offset = segment.offsetOf(index);
    const payload = recordAt(bytes, offset - start, index, segment);
    if (payload === null) throw corrupt(segment.path, offset, `record ${index} cannot be read any more`);
    records.push({ index, bytes: payload });
  }
  return records;
}

/** Copies records from `from` on (about `maxBytes`) of a run that is not on disk yet. */
function readUnwritten(run: WriteRun, from: number, maxBytes: number): StoredRecord[] {
  const { segment, position } = run;
  const last = lastWithin(segment, from, run.lastIndex, maxBytes);
  const start = segment.offsetOf(from) - position;
  const bytes = run.bytes.slice(start, segment.offsetOf(last + 1) - position);
  const records: StoredRecord[] = [];
  for (let index = from; index <= last; index++) {
    const at = segment.offsetOf(index) - position - start;
    const payload = recordAt(bytes, at, index, segment);
    invariant(payload !== null, `record ${index} is sound in memory`);
    records.push({ index, bytes: payload });
  }
  return records;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly maxBytes: number;
}

/** The records of a range, until about `maxBytes` of them: from files, and from `runs` what is not on disk yet. */
export function readRecords(segments: SegmentList, runs: readonly WriteRun[], range: Range): StoredRecord[] {
  const records: StoredRecord[] = [];
  let left = range.maxBytes;
  while (range.from + records.length <= range.to && (left > 0 || records.length === 0)) {
    const found = readSome(segments, runs, range.from + records.length, left);
    for (const record of found) {
      records.push(record);
      left -= record.bytes.byteLength;
    }
  }
  return records;
}

/** Reads from one file or one run. A segment's records are in its file up to its first run, if it has one. */
function readSome(segments: SegmentList, runs: readonly WriteRun[], from: number, maxBytes: number): StoredRecord[] {
  const run = runs.find((each) => from <= each.lastIndex);
  if (run !== undefined && from >= run.firstIndex) return readUnwritten(run, from, maxBytes);
  const segment = segments.holding(from);
  const until = run?.segment === segment ? run.firstIndex - 1 : segment.lastIndex;
  return readStored(segment, from, until, maxBytes);
}
