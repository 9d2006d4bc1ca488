/**
 * The bytes of a log segment. Everything is little-endian.
 *
 *   file     <first index, 16 digits>.segment, its size fixed and its bytes written as zeros before it takes records
 *            | header, 512 B | record | record | ... | end mark or zeros | zeros |
 *   header   0 8 B 'PSMRLOG1' | 8 u32 crc of bytes 12..512 | 12 u32 salt | 16 f64 file bytes
 *            | 24 u32 identity bytes | 28 identity, UTF-8 | zeros
 *   record   0 u32 crc of bytes 4..32 | 4 u32 crc of the payload | 8 f64 index | 16 f64 durable index
 *            | 24 u32 payload bytes | 28 u32 kind | 32 payload | zeros up to a multiple of 32
 *
 * - Both crcs of a record start from the segment's salt, which is random: bytes of another segment never pass.
 * - Records start at multiples of 32, so a record header lies within one 512-byte sector: disks write those whole.
 *   A header is therefore all there, or (in a torn write) not there at all: zeros.
 * - `durable index` is the newest record known to be on disk when this one was written. A record that a later header
 *   proves durable was acknowledged: if it cannot be read, it was damaged, not torn.
 * - An end mark (kind 2, no payload, `index` = the next one) says that the log ends here. It is written where a log is
 *   closed or cut; the next record overwrites it.
 */
import { crc32 } from 'node:zlib';

export const SEGMENT_HEADER_BYTES = 512;
export const RECORD_HEADER_BYTES = 32;
/** What a disk writes wholly or not at all. */
export const SECTOR_BYTES = 512;
export const IDENTITY_BYTES_MAX = 256;

export const RecordKind = { record: 1, end: 2 } as const;
export type RecordKind = (typeof RecordKind)[keyof typeof RecordKind];

const MAGIC = Buffer.from('PSMRLOG1', 'latin1');
const CHECKED_FROM = 12;
const IDENTITY_AT = 28;

export interface SegmentHeader {
  readonly salt: number;
  /** Size of the file. */
  readonly bytes: number;
  readonly identity: string;
}

export interface RecordHeader {
  readonly kind: RecordKind;
  readonly index: number;
  readonly durableIndex: number;
  readonly payloadBytes: number;
  readonly payloadCrc: number;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeSegmentHeader(header: SegmentHeader): Uint8Array {
  const bytes = new Uint8Array(SEGMENT_HEADER_BYTES);
  const view = viewOf(bytes);
  const identity = Buffer.from(header.identity, 'utf8');
  bytes.set(MAGIC, 0);
  view.setUint32(12, header.salt, true);
  view.setFloat64(16, header.bytes, true);
  view.setUint32(24, identity.byteLength, true);
  bytes.set(identity, IDENTITY_AT);
  view.setUint32(8, crc32(bytes.subarray(CHECKED_FROM)), true);
  return bytes;
}

/** Reads a segment's first bytes; says what is wrong where they are not a sound header. */
export function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | 'foreign' | 'damaged' {
  if (bytes.byteLength < SEGMENT_HEADER_BYTES) return 'damaged';
  if (MAGIC.compare(bytes, 0, MAGIC.byteLength) !== 0) return 'foreign';
  const view = viewOf(bytes);
  if (view.getUint32(8, true) !== crc32(bytes.subarray(CHECKED_FROM, SEGMENT_HEADER_BYTES))) return 'damaged';
  const identityBytes = view.getUint32(24, true);
  if (identityBytes > IDENTITY_BYTES_MAX) return 'damaged';
  return {
    salt: view.getUint32(12, true),
    bytes: view.getFloat64(16, true),
    identity: Buffer.from(bytes.subarray(IDENTITY_AT, IDENTITY_AT + identityBytes)).toString('utf8'),
  };
}

/** Bytes that a record takes in its segment. */
export function recordBytes(payloadBytes: number): number {
  const bytes = RECORD_HEADER_BYTES + payloadBytes;
  return Math.ceil(bytes / RECORD_HEADER_BYTES) * RECORD_HEADER_BYTES;
}

/** The smallest file that has room for one record of this payload and for an end mark. */
export function segmentBytesFor(payloadBytes: number): number {
  return SEGMENT_HEADER_BYTES + recordBytes(payloadBytes) + RECORD_HEADER_BYTES;
}

export function payloadCrc(payload: Uint8Array, salt: number): number {
  return crc32(payload, salt);
}

export function writeRecordHeader(bytes: Uint8Array, at: number, header: RecordHeader, salt: number): void {
  const view = viewOf(bytes);
  view.setUint32(at + 4, header.payloadCrc, true);
  view.setFloat64(at + 8, header.index, true);
  view.setFloat64(at + 16, header.durableIndex, true);
  view.setUint32(at + 24, header.payloadBytes, true);
  view.setUint32(at + 28, header.kind, true);
  view.setUint32(at, crc32(bytes.subarray(at + 4, at + RECORD_HEADER_BYTES), salt), true);
}

/** Reads a record's header; null where there is no sound one of this segment. */
export function readRecordHeader(bytes: Uint8Array, at: number, salt: number): RecordHeader | null {
  if (at + RECORD_HEADER_BYTES > bytes.byteLength) return null;
  const view = viewOf(bytes);
  const kind = view.getUint32(at + 28, true);
  if (kind !== RecordKind.record && kind !== RecordKind.end) return null;
  if (view.getUint32(at, true) !== crc32(bytes.subarray(at + 4, at + RECORD_HEADER_BYTES), salt)) return null;
  return {
    kind,
    index: view.getFloat64(at + 8, true),
    durableIndex: view.getFloat64(at + 16, true),
    payloadBytes: view.getUint32(at + 24, true),
    payloadCrc: view.getUint32(at + 4, true),
  };
}

/** The payload of a record, or null where its bytes are not all there as they were written. */
export function readPayload(bytes: Uint8Array, at: number, header: RecordHeader, salt: number): Uint8Array | null {
  const from = at + RECORD_HEADER_BYTES;
  if (from + header.payloadBytes > bytes.byteLength) return null;
  const payload = bytes.subarray(from, from + header.payloadBytes);
  return crc32(payload, salt) === header.payloadCrc ? payload : null;
}

/** "The log ends here; `nextIndex` comes next." */
export function encodeEndMark(nextIndex: number, salt: number): Uint8Array {
  const bytes = new Uint8Array(RECORD_HEADER_BYTES);
  const durableIndex = nextIndex - 1;
  writeRecordHeader(
    bytes,
    0,
    { kind: RecordKind.end, index: nextIndex, durableIndex, payloadBytes: 0, payloadCrc: salt },
    salt,
  );
  return bytes;
}

export function segmentName(firstIndex: number): string {
  return `${String(firstIndex).padStart(16, '0')}.segment`;
}

/** The first index in a segment's name; null for any other name. */
export function firstIndexOf(name: string): number | null {
  return /^\d{16}\.segment$/.test(name) ? Number(name.slice(0, 16)) : null;
}

/** The segment that a log begins anew with, until those before it are gone: where there is one, they no more count. */
export function restartName(firstIndex: number): string {
  return `${String(firstIndex).padStart(16, '0')}.restart`;
}

/** The first index in such a name; null for any other name. */
export function restartIndexOf(name: string): number | null {
  return /^\d{16}\.restart$/.test(name) ? Number(name.slice(0, 16)) : null;
}

/** A file being prepared: not yet part of the log. */
export function spareName(salt: number): string {
  return `spare-${salt}.tmp`;
}

export function isSpareName(name: string): boolean {
  return /^spare-\d+\.tmp$/.test(name);
}
