/** Finds logs that were taken away as a whole: an empty log in their place would pass for a fresh start. */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readingFileSystem } from './node-file-system.js';
import { firstIndexOf, RECORD_HEADER_BYTES, restartIndexOf, SEGMENT_HEADER_BYTES } from './segment-format.js';
import { corrupt } from './storage-error.js';

/**
 * Throws DATA_CORRUPT where one of the logs in `directories` has no file, though another has been written to: nothing
 * is before all of them are there. A first start that was cut short leaves none that was written to.
 */
export function checkNoLogMissing(directories: readonly string[]): void {
  const logs = directories.map((path) => ({ path, segments: segmentsOf(path) }));
  const missing = logs.find(({ segments }) => segments.length === 0);
  if (missing === undefined) return;
  const written = logs.find(({ path, segments }) =>
    segments.some((name) => firstIndexOf(name) !== 1 || isWritten(join(path, name))),
  );
  if (written !== undefined)
    throw corrupt(missing.path, 0, `it has no log, though that in ${written.path} has been written to`);
}

function segmentsOf(path: string): string[] {
  return existsSync(path) ? readdirSync(path).filter(isSegment) : [];
}

function isSegment(name: string): boolean {
  return firstIndexOf(name) !== null || restartIndexOf(name) !== null;
}

/** Whether there is a record, or the end mark of an orderly stop, behind the header. */
function isWritten(segment: string): boolean {
  const file = readingFileSystem.open(segment, 'existing');
  try {
    return file.read(SEGMENT_HEADER_BYTES, RECORD_HEADER_BYTES).some((byte) => byte !== 0);
  } finally {
    file.close();
  }
}
