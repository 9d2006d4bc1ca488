/**
 * Opens the files of a log after a stop of any kind and finds its records.
 *
 * Segments get their names one after another, each only when the one before is durable to its end. So a record that
 * cannot be read is
 *   - damage, wherever another segment follows;
 *   - in the last segment: damage if a later header proves that it was durable, or if no lost sector explains it;
 *     otherwise the torn tail of an unfinished write. It was never acknowledged, and it is cut, durably, before
 *     anything new is appended.
 */
import { join } from 'node:path';
import { cutSegment } from './log-cut.js';
import {
  RECORD_HEADER_BYTES,
  SEGMENT_HEADER_BYTES,
  decodeSegmentHeader,
  firstIndexOf,
  isSpareName,
  restartIndexOf,
  segmentName,
} from './segment-format.js';
import { scanSegment } from './segment-scan.js';
import { Segment } from './segment.js';
import { corrupt, foreign, mismatch } from './storage-error.js';
import type { SegmentScan } from './segment-scan.js';
import type { LogDirectory } from './segment-preparation.js';
import type { StoredFile } from './file-system.js';

export interface RecoveryReport {
  /** Records found. */
  readonly records: number;
  /** Bytes cut from the end: the rest of a write that never finished. */
  readonly tornBytes: number;
}

interface Opened {
  readonly segment: Segment;
  readonly file: StoredFile;
  readonly scan: SegmentScan;
}

interface FileNames {
  readonly segments: readonly string[];
  /** The segment that the log was to begin anew with when the process ended; null: none. */
  readonly restart: string | null;
  /** Files that were being prepared when the process ended. */
  readonly spares: readonly string[];
}

function fileNames(directory: LogDirectory): FileNames {
  const names = directory.fileSystem.list(directory.path);
  for (const name of names) {
    if (firstIndexOf(name) === null && restartIndexOf(name) === null && !isSpareName(name))
      throw foreign(join(directory.path, name), 'no file of this name belongs to a log');
  }
  return {
    segments: names.filter((name) => firstIndexOf(name) !== null),
    restart: names.find((name) => restartIndexOf(name) !== null) ?? null,
    spares: names.filter(isSpareName),
  };
}

/** Ends what `SegmentLogStore.restartAt` had begun; returns the names of the segments that there are then. */
async function finishRestart(directory: LogDirectory, { segments, restart }: FileNames): Promise<readonly string[]> {
  if (restart === null) return segments;
  const { fileSystem, path } = directory;
  for (const name of segments) fileSystem.remove(join(path, name));
  // A file that is still there after a crash must not be taken for one behind the new segment.
  await fileSystem.syncDirectory(path);
  const name = segmentName(restartIndexOf(restart) ?? 0);
  fileSystem.rename(join(path, restart), join(path, name));
  await fileSystem.syncDirectory(path);
  return [name];
}

async function removeSpares(directory: LogDirectory, spares: readonly string[]): Promise<void> {
  for (const name of spares) directory.fileSystem.remove(join(directory.path, name));
  if (spares.length > 0) await directory.fileSystem.syncDirectory(directory.path);
}

function openSegment(directory: LogDirectory, path: string, firstIndex: number, file: StoredFile): Opened {
  const fileBytes = file.size();
  const bytes = file.read(0, fileBytes);
  const header = decodeSegmentHeader(bytes.subarray(0, SEGMENT_HEADER_BYTES));
  if (header === 'foreign') throw foreign(path, 'it does not begin as a log segment does');
  if (header === 'damaged') throw corrupt(path, 0, 'the header of the segment cannot be read');
  if (header.bytes !== fileBytes)
    throw corrupt(path, fileBytes, `the file has ${fileBytes} bytes where ${header.bytes} were written`);
  if (header.identity !== directory.identity)
    throw mismatch(path, `${path} belongs to the log "${header.identity}", not to "${directory.identity}"`);
  const scan = scanSegment(bytes, firstIndex, header.salt);
  const segment = new Segment({ firstIndex, salt: header.salt, fileBytes, path }, scan.offsets, scan.end);
  segment.file = file;
  return { segment, file, scan };
}

function checkFollowed(opened: Opened, next: Segment): void {
  const { segment, scan } = opened;
  if (segment.lastIndex + 1 === next.firstIndex) return;
  const missing = `record ${segment.lastIndex + 1} is missing, though ${next.path} begins with ${next.firstIndex}`;
  throw corrupt(segment.path, scan.end, missing);
}

function checkTail({ segment, scan }: Opened): void {
  const index = segment.lastIndex + 1;
  if (scan.endedBy === 'mark') return;
  if (scan.provenIndex >= index) throw corrupt(segment.path, scan.end, `record ${index}, once durable, cannot be read`);
  if (scan.endedBy === 'damaged') throw corrupt(segment.path, scan.end, `record ${index} cannot be read`);
}

/** Bytes after the last record: the rest of a write that never finished. */
function tornBytesOf({ end, endedBy, usedTo }: SegmentScan): number {
  return Math.max(0, usedTo - end - (endedBy === 'mark' ? RECORD_HEADER_BYTES : 0));
}

/** Cuts the torn tail, if there is one; returns its bytes. */
async function cutTail({ segment, file, scan }: Opened): Promise<number> {
  const tornBytes = tornBytesOf(scan);
  const { end, usedTo } = scan;
  if (tornBytes > 0) await cutSegment(file, { end, usedTo, nextIndex: segment.lastIndex + 1, salt: segment.salt });
  return tornBytes;
}

/** Opens and checks a log's segments, oldest first. On an error no file stays open. */
function openSegments(directory: LogDirectory, names: readonly string[]): Opened[] {
  const files: StoredFile[] = [];
  try {
    const opened: Opened[] = [];
    for (const name of names) {
      const path = join(directory.path, name);
      const file = directory.fileSystem.open(path, 'existing');
      files.push(file);
      const next = openSegment(directory, path, firstIndexOf(name) ?? restartIndexOf(name) ?? 0, file);
      const before = opened.at(-1);
      if (before !== undefined) checkFollowed(before, next.segment);
      opened.push(next);
    }
    const last = opened.at(-1);
    if (last !== undefined) checkTail(last);
    return opened;
  } catch (error) {
    for (const file of files) file.close();
    throw error;
  }
}

function reportOn(segments: readonly Segment[], tornBytes: number): RecoveryReport {
  return {
    records: segments.reduce((sum, { firstIndex, lastIndex }) => sum + lastIndex - firstIndex + 1, 0),
    tornBytes,
  };
}

/** Finds the log's segments, oldest first; none in a fresh directory. Throws DATA_CORRUPT, DATA_FOREIGN, DATA_MISMATCH. */
export async function recoverLog(directory: LogDirectory): Promise<{ segments: Segment[]; report: RecoveryReport }> {
  const names = fileNames(directory);
  await removeSpares(directory, names.spares);
  const opened = openSegments(directory, await finishRestart(directory, names));
  const segments = opened.map(({ segment }) => segment);
  try {
    const last = opened.at(-1);
    const tornBytes = last === undefined ? 0 : await cutTail(last);
    // A process that was killed may have left what the operating system has not written yet: the store calls all of it
    // durable from here on.
    await last?.file.sync();
    await directory.fileSystem.syncDirectory(directory.path);
    return { segments, report: reportOn(segments, tornBytes) };
  } catch (error) {
    for (const { file } of opened) file.close();
    throw error;
  }
}

/** The same without changing anything: what recovery would cut is only reported. The caller closes the files. */
export function examineLog(directory: LogDirectory): { segments: Segment[]; report: RecoveryReport } {
  const { segments: names, restart } = fileNames(directory);
  const opened = openSegments(directory, restart === null ? names : [restart]);
  const segments = opened.map(({ segment }) => segment);
  const last = opened.at(-1);
  return { segments, report: reportOn(segments, last === undefined ? 0 : tornBytesOf(last.scan)) };
}
