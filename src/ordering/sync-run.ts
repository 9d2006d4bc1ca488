/**
 * What group 0 hands to a stream: a run, that is consecutive commands of one group-0 entry with the same destination
 * streams, which share one rendezvous. Runs are cut by group 0's worker, so all destinations see the same ones.
 *
 *   0 u8 kind | 1 u8 segment flags | 2 u16 parts | 4 u32 streams 1..32 | 8 u32 streams 33..64 | 12 u32 0
 *  16 f64 index | 24 f64 timestamp | 32 parts
 *   part   0 16 B session | 16 f64 first sequence | 24 u32 first position | 28 u32 count | 32 u32 bytes | 36 u32 frame flags
 *         40 u32 digest | 44 body
 */
import type { EntryKind } from './group-log.js';
import type { StreamMask } from '../transport/frames.js';

const RUN_HEADER_BYTES = 32;
const PART_HEADER_BYTES = 44;

export interface SyncRunPart {
  readonly session: Uint8Array;
  readonly firstSequence: number;
  /** Position of the part's first command in its entry. */
  readonly firstPosition: number;
  readonly count: number;
  /** The flags of the frame that it came in; its reply carries them too. */
  readonly frameFlags: number;
  /** Of that frame (execution/frame-digest.ts). */
  readonly digest: number;
  /** A command batch (execution/command-batch.ts). */
  readonly body: Uint8Array;
}

export interface SyncRun extends StreamMask {
  readonly kind: EntryKind;
  /** Segment flags, common to all parts. */
  readonly flags: number;
  readonly index: number;
  readonly timestampMs: number;
  readonly parts: readonly SyncRunPart[];
}

export function encodeSyncRun(run: SyncRun): Uint8Array {
  let size = RUN_HEADER_BYTES;
  for (const part of run.parts) size += PART_HEADER_BYTES + part.body.byteLength;
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = run.kind;
  bytes[1] = run.flags;
  bytes.writeUInt16LE(run.parts.length, 2);
  bytes.writeUInt32LE(run.low, 4);
  bytes.writeUInt32LE(run.high, 8);
  bytes.writeUInt32LE(0, 12);
  bytes.writeDoubleLE(run.index, 16);
  bytes.writeDoubleLE(run.timestampMs, 24);
  let at = RUN_HEADER_BYTES;
  for (const part of run.parts) {
    bytes.set(part.session, at);
    bytes.writeDoubleLE(part.firstSequence, at + 16);
    bytes.writeUInt32LE(part.firstPosition, at + 24);
    bytes.writeUInt32LE(part.count, at + 28);
    bytes.writeUInt32LE(part.body.byteLength, at + 32);
    bytes.writeUInt32LE(part.frameFlags, at + 36);
    bytes.writeUInt32LE(part.digest, at + 40);
    bytes.set(part.body, at + PART_HEADER_BYTES);
    at += PART_HEADER_BYTES + part.body.byteLength;
  }
  return bytes;
}

/** Reads what `encodeSyncRun` wrote on this machine; the parts are views of `bytes`. */
export function decodeSyncRun(bytes: Uint8Array): SyncRun {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: SyncRunPart[] = [];
  let at = RUN_HEADER_BYTES;
  for (let count = view.getUint16(2, true); count > 0; count--) {
    const body = at + PART_HEADER_BYTES;
    const end = body + view.getUint32(at + 32, true);
    parts.push({
      session: bytes.subarray(at, at + 16),
      firstSequence: view.getFloat64(at + 16, true),
      firstPosition: view.getUint32(at + 24, true),
      count: view.getUint32(at + 28, true),
      frameFlags: view.getUint32(at + 36, true),
      digest: view.getUint32(at + 40, true),
      body: bytes.subarray(body, end),
    });
    at = end;
  }
  return {
    kind: view.getUint8(0) as EntryKind,
    flags: view.getUint8(1),
    low: view.getUint32(4, true),
    high: view.getUint32(8, true),
    index: view.getFloat64(16, true),
    timestampMs: view.getFloat64(24, true),
    parts,
  };
}
