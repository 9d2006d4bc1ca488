/**
 * An entry as its log stores it. The index is the store's; the frames stay as their clients sent them.
 *
 *   0 u8 version=1 | 1 u8 kind | 2 u16 0 | 4 u32 frames | 8 f64 timestamp | 16 f64 merge point
 *  24 frames: u32 bytes, then the bytes
 */
import { PsmrError } from '../errors.js';
import { EntryKind, type Entry } from './group-log.js';

const ENTRY_HEADER_BYTES = 24;
const VERSION = 1;
const KINDS: ReadonlySet<number> = new Set(Object.values(EntryKind));

/** The pieces to be written one after another; frames are not copied. */
export function encodeEntry(entry: Entry): Uint8Array[] {
  const header = Buffer.alloc(ENTRY_HEADER_BYTES);
  header[0] = VERSION;
  header[1] = entry.kind;
  header.writeUInt32LE(entry.frames.length, 4);
  header.writeDoubleLE(entry.timestampMs, 8);
  header.writeDoubleLE(entry.mergePoint, 16);
  const pieces: Uint8Array[] = [header];
  for (const frame of entry.frames) {
    // Kept with the entry: one out of Buffer's pool would keep 8 KiB with it.
    const length = Buffer.alloc(4);
    length.writeUInt32LE(frame.byteLength, 0);
    pieces.push(length, frame);
  }
  return pieces;
}

export function entryBytes(frames: readonly Uint8Array[]): number {
  return frames.reduce((bytes, frame) => bytes + 4 + frame.byteLength, ENTRY_HEADER_BYTES);
}

/** Reads what `encodeEntry` wrote; frames are views of `bytes`. Throws DATA_CORRUPT. */
export function decodeEntry(index: number, bytes: Uint8Array): Entry {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.byteLength < ENTRY_HEADER_BYTES || view.getUint8(0) !== VERSION) throw corrupt(index);
  const kind = view.getUint8(1) as EntryKind;
  if (!KINDS.has(kind)) throw corrupt(index);
  const frames: Uint8Array[] = [];
  let at = ENTRY_HEADER_BYTES;
  for (let left = view.getUint32(4, true); left > 0; left--) {
    if (at + 4 > bytes.byteLength) throw corrupt(index);
    const end = at + 4 + view.getUint32(at, true);
    if (end > bytes.byteLength) throw corrupt(index);
    frames.push(bytes.subarray(at + 4, end));
    at = end;
  }
  if (at !== bytes.byteLength) throw corrupt(index);
  return { index, kind, timestampMs: view.getFloat64(8, true), mergePoint: view.getFloat64(16, true), frames };
}

function corrupt(index: number): PsmrError {
  return new PsmrError(
    'DATA_CORRUPT',
    `The log's entry ${index} cannot be read although its checksum is right: it was written by another version of psmr.`,
  );
}
