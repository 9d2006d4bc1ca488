/** What a run's coordinator sends to group 0's worker: per part, 16 B session | u32 bytes | u32 digest | the RESULTS frame. */
import { SESSION_BYTES } from '../transport/frames.js';
import type { SyncRun } from './sync-run.js';

export interface SyncResult {
  readonly session: Uint8Array;
  readonly frame: Uint8Array;
  /** Of the COMMANDS frame. */
  readonly digest: number;
}

const HEADER_BYTES = SESSION_BYTES + 8;

/** `frames[i]` is the reply to `run.parts[i]`. */
export function encodeSyncResults(run: SyncRun, frames: readonly Uint8Array[]): Uint8Array {
  const size = frames.reduce((bytes, frame) => bytes + HEADER_BYTES + frame.byteLength, 0);
  const bytes = Buffer.allocUnsafe(size);
  let at = 0;
  run.parts.forEach((part, place) => {
    const frame = frames[place] ?? new Uint8Array();
    bytes.set(part.session, at);
    bytes.writeUInt32LE(frame.byteLength, at + SESSION_BYTES);
    bytes.writeUInt32LE(part.digest, at + SESSION_BYTES + 4);
    bytes.set(frame, at + HEADER_BYTES);
    at += HEADER_BYTES + frame.byteLength;
  });
  return bytes;
}

export function decodeSyncResults(bytes: Uint8Array): SyncResult[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const results: SyncResult[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const body = at + HEADER_BYTES;
    const end = body + view.getUint32(at + SESSION_BYTES, true);
    const digest = view.getUint32(at + SESSION_BYTES + 4, true);
    results.push({ session: bytes.subarray(at, at + SESSION_BYTES), frame: bytes.subarray(body, end), digest });
    at = end;
  }
  return results;
}
