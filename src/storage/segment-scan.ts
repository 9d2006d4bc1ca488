/**
 * Reads a whole segment and says where its log ends and why. Pure: bytes in, findings out. What the findings mean
 * (a torn tail to cut or damage to report) also depends on the segments around it: log-recovery.ts.
 */
import {
  RECORD_HEADER_BYTES,
  RecordKind,
  SECTOR_BYTES,
  SEGMENT_HEADER_BYTES,
  readPayload,
  readRecordHeader,
  recordBytes,
} from './segment-format.js';
import type { RecordHeader } from './segment-format.js';

export interface SegmentScan {
  /** Where each sound record starts. */
  readonly offsets: readonly number[];
  /** Where the log ends in this file. */
  readonly end: number;
  /**
   * `mark`: an end mark. `zeros`: nothing was written here. `torn`: a record of which a sector is missing.
   * `damaged`: bytes that no torn write explains.
   */
  readonly endedBy: 'mark' | 'zeros' | 'torn' | 'damaged';
  /** The newest record that headers after the end prove to have been durable; 0: none. */
  readonly provenIndex: number;
  /** Past the last byte that is not zero; equal to `end` where nothing follows. */
  readonly usedTo: number;
}

function isZero(bytes: Uint8Array, from: number, to: number): boolean {
  for (let at = from; at < to; at++) if (bytes[at] !== 0) return false;
  return true;
}

/** Whether a write that lost whole sectors explains the record: sectors hold zeros before they are first written. */
function lacksSector(bytes: Uint8Array, at: number, header: RecordHeader): boolean {
  const to = Math.min(at + RECORD_HEADER_BYTES + header.payloadBytes, bytes.byteLength);
  const first = Math.ceil((at + RECORD_HEADER_BYTES) / SECTOR_BYTES) * SECTOR_BYTES;
  for (let sector = first; sector < to; sector += SECTOR_BYTES) {
    if (isZero(bytes, sector, Math.min(sector + SECTOR_BYTES, to))) return true;
  }
  return false;
}

function provenAfter(bytes: Uint8Array, from: number, salt: number): number {
  let proven = 0;
  for (let at = from; at + RECORD_HEADER_BYTES <= bytes.byteLength; at += RECORD_HEADER_BYTES) {
    const header = readRecordHeader(bytes, at, salt);
    if (header !== null) proven = Math.max(proven, header.durableIndex);
  }
  return proven;
}

function lastUsed(bytes: Uint8Array, end: number): number {
  let at = bytes.byteLength;
  while (at > end && bytes[at - 1] === 0) at--;
  return at;
}

function reasonAt(bytes: Uint8Array, at: number, index: number, salt: number): SegmentScan['endedBy'] {
  const header = readRecordHeader(bytes, at, salt);
  if (header === null)
    return isZero(bytes, at, Math.min(at + RECORD_HEADER_BYTES, bytes.byteLength)) ? 'zeros' : 'damaged';
  if (header.index !== index) return 'damaged';
  if (header.kind === RecordKind.end) return 'mark';
  return lacksSector(bytes, at, header) ? 'torn' : 'damaged';
}

/** Scans a segment's file; `firstIndex` and `salt` are its name's and its header's. */
export function scanSegment(bytes: Uint8Array, firstIndex: number, salt: number): SegmentScan {
  const offsets: number[] = [];
  let at = SEGMENT_HEADER_BYTES;
  for (;;) {
    const index = firstIndex + offsets.length;
    const header = readRecordHeader(bytes, at, salt);
    if (header?.kind !== RecordKind.record || header.index !== index) break;
    if (readPayload(bytes, at, header, salt) === null) break;
    offsets.push(at);
    at += recordBytes(header.payloadBytes);
  }
  const usedTo = lastUsed(bytes, at);
  return {
    offsets,
    end: at,
    endedBy: reasonAt(bytes, at, firstIndex + offsets.length, salt),
    provenIndex: usedTo === at ? 0 : provenAfter(bytes.subarray(0, usedTo + RECORD_HEADER_BYTES), at, salt),
    usedTo,
  };
}
