/**
 * What the scheduler of sp-smr hands to a worker, in the order in which the worker is to see it:
 *
 *   0 u8 kind | 1..7 zero | then   entry      8 f64 merge point | 16 one COMMANDS frame, or nothing
 *                                  run        8 a run of cross-stream commands (ordering/sync-run.ts)
 *                                  loaded, finished: nothing
 */
import { decodeSyncRun, encodeSyncRun, type SyncRun } from '../../src/ordering/sync-run.js';
import type { SourceEnd } from './stream-source.js';

export type ScheduledMessage =
  | { readonly kind: 'entry'; readonly mergePoint: number; readonly frame: Uint8Array | null }
  | { readonly kind: 'run'; readonly run: SyncRun }
  | { readonly kind: SourceEnd };

const KINDS = ['entry', 'run', 'loaded', 'finished'] as const;
const HEADER_BYTES = 8;
const FRAME_OFFSET = 16;

export function encodeScheduled(message: ScheduledMessage): Uint8Array {
  const bytes = contentOf(message);
  bytes[0] = KINDS.indexOf(message.kind);
  return bytes;
}

function contentOf(message: ScheduledMessage): Buffer {
  switch (message.kind) {
    case 'entry': {
      const bytes = Buffer.alloc(FRAME_OFFSET + (message.frame?.byteLength ?? 0));
      bytes.writeDoubleLE(message.mergePoint, HEADER_BYTES);
      if (message.frame !== null) bytes.set(message.frame, FRAME_OFFSET);
      return bytes;
    }
    case 'run':
      return Buffer.concat([Buffer.alloc(HEADER_BYTES), encodeSyncRun(message.run)]);
    default:
      return Buffer.alloc(HEADER_BYTES);
  }
}

/** Reads what `encodeScheduled` wrote on this machine; frames and runs are views of `bytes`. */
export function decodeScheduled(bytes: Uint8Array): ScheduledMessage {
  const kind = KINDS[bytes[0] ?? KINDS.length];
  switch (kind) {
    case 'entry': {
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const frame = bytes.byteLength > FRAME_OFFSET ? bytes.subarray(FRAME_OFFSET) : null;
      return { kind, mergePoint: view.getFloat64(HEADER_BYTES, true), frame };
    }
    case 'run':
      return { kind, run: decodeSyncRun(bytes.subarray(HEADER_BYTES)) };
    case 'loaded':
    case 'finished':
      return { kind };
    default:
      throw new Error(`broken invariant: the scheduler sent a message of kind ${bytes[0]}`);
  }
}
