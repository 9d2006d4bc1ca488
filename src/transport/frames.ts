/**
 * The frames between clients and a group: a fixed little-endian header, then MessagePack. docs/protocol.md is the
 * prose. Nothing here trusts its input: every reader checks lengths before it reads and throws BAD_FRAME.
 *
 *   COMMANDS   0 u8 kind=3 | 1 u8 flags | 2 u16 segments | 4 u32 epoch | 8 16 B session
 *             24 f64 first sequence | 32 f64 acknowledged | 40 segment table, 16 B each | bodies
 *   segment    0 u32 streams 1..32 (bit i-1) | 4 u32 streams 33..64 | 8 u32 flags << 24 | count | 12 u32 body bytes
 *   RESULTS    0 u8 kind=4 | 1 u8 flags | 2 u16 group | 4 u32 count | 8 f64 first sequence | 16 MessagePack
 *   REJECTED   0 u8 kind=5 | 1 u8 flags | 2 u16 group | 4 u32 count | 8 f64 first sequence | 16 MessagePack
 */
import { PsmrError } from '../errors.js';

export const PROTOCOL_VERSION = 2;

export const FrameKind = { hello: 1, welcome: 2, commands: 3, results: 4, rejected: 5, goodbye: 6 } as const;

/** Frame flag: every command is read-only; the frame is not logged and its sequence only matches its reply. */
export const FLAG_READ_ONLY = 1;

/** Segment flags (high byte of the count word). */
export const SEGMENT_EVERY_KEY = 1;
export const SEGMENT_READ_ONLY = 2;

export const COMMANDS_HEADER_BYTES = 40;
export const SEGMENT_HEADER_BYTES = 16;
const RESULTS_HEADER_BYTES = 16;
export const SESSION_BYTES = 16;
/** The most commands in one segment (24 bits of the count word are the count's). */
const SEGMENT_COMMANDS_MAX = 0xff_ffff;
export const STREAMS_MAX = 64;

/** A set of streams as two 32-bit words: bit i-1 of `low` is stream i, bit i-33 of `high` stream i. */
export interface StreamMask {
  readonly low: number;
  readonly high: number;
}

/** Consecutive commands of one frame with the same destination streams. */
export interface Segment extends StreamMask {
  readonly flags: number;
  readonly count: number;
  /** MessagePack: [kinds, indexes into kinds, values]; see execution/command-batch.ts. */
  readonly body: Uint8Array;
}

export interface CommandsFrame {
  readonly flags: number;
  readonly epoch: number;
  /** 16 bytes; all zero: no session, no duplicate detection (feeds). */
  readonly session: Uint8Array;
  readonly firstSequence: number;
  /** Results of this sequence and below may be forgotten: their client has them. */
  readonly acknowledged: number;
  readonly segments: readonly Segment[];
}

export function badFrame(what: string): PsmrError {
  return new PsmrError('BAD_FRAME', `The frame cannot be read: ${what}. See docs/protocol.md for its layout.`);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function encodeCommandsFrame(frame: CommandsFrame): Uint8Array {
  let size = COMMANDS_HEADER_BYTES + frame.segments.length * SEGMENT_HEADER_BYTES;
  for (const segment of frame.segments) size += segment.body.byteLength;
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes);
  bytes[0] = FrameKind.commands;
  bytes[1] = frame.flags;
  view.setUint16(2, frame.segments.length, true);
  view.setUint32(4, frame.epoch, true);
  bytes.set(frame.session, 8);
  view.setFloat64(24, frame.firstSequence, true);
  view.setFloat64(32, frame.acknowledged, true);
  let header = COMMANDS_HEADER_BYTES;
  let body = header + frame.segments.length * SEGMENT_HEADER_BYTES;
  for (const segment of frame.segments) {
    view.setUint32(header, segment.low, true);
    view.setUint32(header + 4, segment.high, true);
    view.setUint32(header + 8, ((segment.flags << 24) | segment.count) >>> 0, true);
    view.setUint32(header + 12, segment.body.byteLength, true);
    bytes.set(segment.body, body);
    header += SEGMENT_HEADER_BYTES;
    body += segment.body.byteLength;
  }
  return bytes;
}

function isSequence(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** Reads and checks a COMMANDS frame. The result's arrays are views of `bytes`. Throws BAD_FRAME. */
export function decodeCommandsFrame(bytes: Uint8Array): CommandsFrame {
  if (bytes.byteLength < COMMANDS_HEADER_BYTES) throw badFrame(`${bytes.byteLength} bytes are too few for a header`);
  if (bytes[0] !== FrameKind.commands) throw badFrame(`kind ${bytes[0]} where COMMANDS (3) was due`);
  const view = viewOf(bytes);
  const flags = view.getUint8(1);
  if ((flags & ~FLAG_READ_ONLY) !== 0) throw badFrame(`unknown flags ${flags}`);
  const count = view.getUint16(2, true);
  if (count === 0) throw badFrame('it has no segment');
  let body = COMMANDS_HEADER_BYTES + count * SEGMENT_HEADER_BYTES;
  if (bytes.byteLength < body) throw badFrame(`its table of ${count} segments is cut off`);
  const firstSequence = view.getFloat64(24, true);
  const acknowledged = view.getFloat64(32, true);
  if (!isSequence(firstSequence) || !isSequence(acknowledged)) throw badFrame('a sequence is not a whole number');
  const segments: Segment[] = [];
  for (let at = COMMANDS_HEADER_BYTES; segments.length < count; at += SEGMENT_HEADER_BYTES) {
    const word = view.getUint32(at + 8, true);
    const bodyBytes = view.getUint32(at + 12, true);
    const segment: Segment = {
      low: view.getUint32(at, true),
      high: view.getUint32(at + 4, true),
      flags: word >>> 24,
      count: word & SEGMENT_COMMANDS_MAX,
      body: bytes.subarray(body, body + bodyBytes),
    };
    if (segment.count === 0) throw badFrame('a segment has no commands');
    if ((segment.flags & ~(SEGMENT_EVERY_KEY | SEGMENT_READ_ONLY)) !== 0)
      throw badFrame(`unknown segment flags ${segment.flags}`);
    if (segment.low === 0 && segment.high === 0) throw badFrame('a segment names no stream');
    body += bodyBytes;
    if (body > bytes.byteLength) throw badFrame('a segment is cut off');
    segments.push(segment);
  }
  if (body !== bytes.byteLength) throw badFrame(`${bytes.byteLength - body} bytes follow the last segment`);
  return {
    flags,
    epoch: view.getUint32(4, true),
    session: bytes.subarray(8, 24),
    firstSequence,
    acknowledged,
    segments,
  };
}

export function commandCount(frame: CommandsFrame): number {
  let count = 0;
  for (const segment of frame.segments) count += segment.count;
  return count;
}

/** RESULTS and REJECTED share a header: the reply to `count` commands from `firstSequence` on. */
export interface ReplyFrame {
  readonly kind: typeof FrameKind.results | typeof FrameKind.rejected;
  /** FLAG_READ_ONLY: the reply to a read-only frame. */
  readonly flags: number;
  readonly group: number;
  readonly count: number;
  readonly firstSequence: number;
  /** results: MessagePack [values, [position, code, message, ...]]; rejected: [code, message], or { code, message, leader }. */
  readonly body: Uint8Array;
}

export function encodeReplyFrame(reply: ReplyFrame): Uint8Array {
  const bytes = new Uint8Array(RESULTS_HEADER_BYTES + reply.body.byteLength);
  const view = viewOf(bytes);
  bytes[0] = reply.kind;
  bytes[1] = reply.flags;
  view.setUint16(2, reply.group, true);
  view.setUint32(4, reply.count, true);
  view.setFloat64(8, reply.firstSequence, true);
  bytes.set(reply.body, RESULTS_HEADER_BYTES);
  return bytes;
}

/** Reads and checks a RESULTS or REJECTED frame; `body` is a view of `bytes`. Throws BAD_FRAME. */
export function decodeReplyFrame(bytes: Uint8Array): ReplyFrame {
  if (bytes.byteLength < RESULTS_HEADER_BYTES) throw badFrame(`${bytes.byteLength} bytes are too few for a reply`);
  const kind = bytes[0];
  if (kind !== FrameKind.results && kind !== FrameKind.rejected) throw badFrame(`kind ${kind} is no reply`);
  const view = viewOf(bytes);
  const firstSequence = view.getFloat64(8, true);
  if (!isSequence(firstSequence)) throw badFrame('the sequence is not a whole number');
  return {
    kind,
    flags: view.getUint8(1),
    group: view.getUint16(2, true),
    count: view.getUint32(4, true),
    firstSequence,
    body: bytes.subarray(RESULTS_HEADER_BYTES),
  };
}
