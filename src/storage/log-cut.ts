import { RECORD_HEADER_BYTES, encodeEndMark } from './segment-format.js';
import type { StoredFile } from './file-system.js';

export interface Cut {
  /** Where the log is to end in the file. */
  readonly end: number;
  /** Past the last byte that may not be zero. */
  readonly usedTo: number;
  /** The index of the record that comes next. */
  readonly nextIndex: number;
  readonly salt: number;
}

/**
 * Ends a segment's log durably at `end`. First an end mark, one sector, so that the cut happens wholly or not at all
 * whatever a crash leaves of the rest; then zeros over all that followed, so that no stale record ever lines up with
 * new ones.
 */
export async function cutSegment(file: StoredFile, cut: Cut): Promise<void> {
  await file.write(cut.end, encodeEndMark(cut.nextIndex, cut.salt));
  await file.sync();
  const rest = cut.end + RECORD_HEADER_BYTES;
  if (cut.usedTo <= rest) return;
  await file.write(rest, new Uint8Array(cut.usedTo - rest));
  await file.sync();
}
