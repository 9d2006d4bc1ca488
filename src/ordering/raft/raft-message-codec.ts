/**
 * Raft messages as links carry them. Little-endian; docs/protocol.md has the prose. Nothing here trusts its input.
 *
 *   head            0 u8 type | 1 u8 flags | 2 u16 0 | 4 u32 from | 8 u32 to | 12 f64 term | 20 fields
 *   vote-request    20 f64 last index | 28 f64 last term                       flags: 1 pre, 2 transfer
 *   vote-reply      nothing                                                    flags: 1 pre, 2 granted
 *   append-request  20 f64 previous index | 28 f64 previous term | 36 f64 commit index | 44 f64 round | 52 u32 entries
 *                   then each entry as its log stores it: u32 bytes, the bytes (which begin with the entry's term)
 *   append-reply    20 f64 index | 28 f64 term of index | 36 f64 round          flags: 1 ok, 2 unfit
 *   checkpoint-notice 20 f64 first index
 *   timeout-now     nothing                                                    flags: 1 stay, 2 needed
 *   read-request    20 f64 id
 *   read-reply      20 f64 id | 28 f64 index
 */
import { PsmrError } from '../../errors.js';
import { badFrame } from '../../transport/frames.js';
import { EntryKind, type Entry } from '../group-log.js';
import { isWellFormed } from './message-check.js';
import type { AppendRequest, RaftMessage } from './raft-types.js';
import { decodeRecord, membershipOf, termOfRecord, type ReceivedEntry } from './raft-record.js';

const TYPES = [
  'vote-request',
  'vote-reply',
  'append-request',
  'append-reply',
  'checkpoint-notice',
  'timeout-now',
  'read-request',
  'read-reply',
] as const satisfies readonly RaftMessage['type'][];

/** The flags that a message may have, and its numbers behind the head; an append request's entries aside. */
const FORMS: Readonly<Record<RaftMessage['type'], { readonly flags: number; readonly fields: number }>> = {
  'vote-request': { flags: 3, fields: 2 },
  'vote-reply': { flags: 3, fields: 0 },
  'append-request': { flags: 0, fields: 4 },
  'append-reply': { flags: 3, fields: 3 },
  'checkpoint-notice': { flags: 0, fields: 1 },
  'timeout-now': { flags: 3, fields: 0 },
  'read-request': { flags: 0, fields: 1 },
  'read-reply': { flags: 0, fields: 2 },
};

const HEAD_BYTES = 20;
const APPEND_BYTES = 56;
/** In front of each entry. */
const ENTRY_LENGTH_BYTES = 4;

/** A message and, for an append request, its entries as they are stored. */
export interface ReceivedMessage {
  readonly message: RaftMessage;
  /** Their records are views of the bytes received. */
  readonly entries: readonly ReceivedEntry[];
}

/** Where the entries of append requests are. */
export interface EntrySource {
  at(index: number): { readonly pieces: readonly Uint8Array[] };
}

/** The pieces to be sent one after another; `records`: what each entry of an append request is stored as, in pieces. */
export function encodeRaftMessage(
  message: RaftMessage,
  records: readonly (readonly Uint8Array[])[] = [],
): Uint8Array[] {
  const isAppend = message.type === 'append-request';
  // No DataView: so few bytes lie in the heap of V8, which would move them out of it first.
  const head = Buffer.alloc(isAppend ? APPEND_BYTES : HEAD_BYTES + 8 * FORMS[message.type].fields);
  head[0] = TYPES.indexOf(message.type);
  head[1] = writeFields(message, head);
  head.writeUInt32LE(message.from, 4);
  head.writeUInt32LE(message.to, 8);
  head.writeDoubleLE(message.term, 12);
  if (!isAppend) return [head];
  head.writeUInt32LE(records.length, HEAD_BYTES + 32);
  const pieces: Uint8Array[] = [head];
  for (const record of records) {
    const length = Buffer.alloc(ENTRY_LENGTH_BYTES);
    length.writeUInt32LE(record.reduce((sum, piece) => sum + piece.byteLength, 0));
    pieces.push(length);
    for (const piece of record) pieces.push(piece);
  }
  return pieces;
}

/** The same, with an append request's entries taken from the log. */
export function piecesOf(message: RaftMessage, log: EntrySource): Uint8Array[] {
  if (message.type !== 'append-request') return encodeRaftMessage(message);
  const records: (readonly Uint8Array[])[] = [];
  for (let index = message.previousIndex + 1; index <= message.lastIndex; index++) records.push(log.at(index).pieces);
  return encodeRaftMessage(message, records);
}

/** Returns the flags. */
function writeFields(message: RaftMessage, head: Buffer): number {
  switch (message.type) {
    case 'vote-request':
      write(head, message.lastIndex, message.lastTerm);
      return Number(message.pre) | (Number(message.transfer) << 1);
    case 'vote-reply':
      return Number(message.pre) | (Number(message.granted) << 1);
    case 'append-request':
      write(head, message.previousIndex, message.previousTerm, message.commitIndex, message.round);
      return 0;
    case 'append-reply':
      write(head, message.index, message.indexTerm, message.round);
      return Number(message.ok) | (Number(message.unfit) << 1);
    case 'checkpoint-notice':
      write(head, message.firstIndex);
      return 0;
    case 'timeout-now':
      return Number(message.stay) | (Number(message.needed) << 1);
    case 'read-request':
      write(head, message.id);
      return 0;
    case 'read-reply':
      write(head, message.id, message.index);
      return 0;
  }
}

function write(head: Buffer, ...fields: readonly number[]): void {
  for (let at = 0; at < fields.length; at++) head.writeDoubleLE(fields[at] as number, HEAD_BYTES + 8 * at);
}

/**
 * A message from a link, which lends its bytes: those of entries are copied, for the log to keep. An error says why no
 * replica without a fault sends it: any message may be lost, so it can be passed over.
 */
export function readMessage(from: number, to: number, bytes: Uint8Array): ReceivedMessage | PsmrError {
  try {
    const received = decodeRaftMessage(TYPES[bytes[0] ?? 0] === 'append-request' ? Buffer.from(bytes) : bytes);
    const { message } = received;
    if (message.from !== from) return badFrame(`a message between replicas says it is of replica ${message.from}`);
    if (message.to !== to) return badFrame(`a message between replicas is for replica ${message.to}`);
    return isWellFormed(message) ? received : badFrame(`a message of type ${message.type} contradicts itself`);
  } catch (error) {
    if (error instanceof PsmrError) return error;
    throw error;
  }
}

/** Throws BAD_FRAME. What it accepts can be stored and executed: nothing of it fails later. */
export function decodeRaftMessage(bytes: Uint8Array): ReceivedMessage {
  if (bytes.byteLength < HEAD_BYTES) throw badFrame(`a message between replicas has ${bytes.byteLength} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = TYPES[view.getUint8(0)];
  if (type === undefined) throw badFrame(`there is no message of type ${view.getUint8(0)} between replicas`);
  const form = FORMS[type];
  const flags = view.getUint8(1);
  if ((flags & ~form.flags) !== 0) throw badFrame('a message between replicas has a flag that is not its own');
  if (view.getUint16(2, true) !== 0) throw badFrame('a message between replicas has what this version does not know');
  const from = view.getUint32(4, true);
  const to = view.getUint32(8, true);
  const term = integer(view, 12);
  if (type === 'append-request') return decodeAppend(bytes, view, { from, to, term });
  const message = decodeSmall(type, { from, to, term }, flags, view);
  if (bytes.byteLength !== HEAD_BYTES + 8 * form.fields)
    throw badFrame('a message between replicas has bytes left over');
  return { message, entries: [] };
}

interface Head {
  readonly from: number;
  readonly to: number;
  readonly term: number;
}

// No spreads here and below: V8 finds the form of what they make anew each time, which took more than all else.
function decodeSmall(
  type: Exclude<RaftMessage['type'], 'append-request'>,
  { from, to, term }: Head,
  flags: number,
  view: DataView,
): RaftMessage {
  const first = (flags & 1) !== 0;
  const second = (flags & 2) !== 0;
  const field = (at: number): number => integer(view, HEAD_BYTES + 8 * at);
  switch (type) {
    case 'vote-request':
      return { type, from, to, term, pre: first, transfer: second, lastIndex: field(0), lastTerm: field(1) };
    case 'vote-reply':
      return { type, from, to, term, pre: first, granted: second };
    case 'append-reply':
      return {
        type,
        from,
        to,
        term,
        ok: first,
        index: field(0),
        indexTerm: field(1),
        round: field(2),
        unfit: second,
      };
    case 'checkpoint-notice':
      return { type, from, to, term, firstIndex: field(0) };
    case 'timeout-now':
      return { type, from, to, term, stay: first, needed: second };
    case 'read-request':
      return { type, from, to, term, id: field(0) };
    case 'read-reply':
      return { type, from, to, term, id: field(0), index: field(1) };
  }
}

function integer(view: DataView, at: number): number {
  if (at + 8 > view.byteLength) throw badFrame('a message between replicas is cut off');
  const value = view.getFloat64(at, true);
  // A minus before a zero is not what any replica writes.
  if (!Number.isSafeInteger(value) || value < -1 || Object.is(value, -0))
    throw badFrame('a number in a message between replicas is no index');
  // As the small integer that it is, as a rule: a double in its place is an object of its own.
  const small = value | 0;
  return small === value ? small : value;
}

function decodeAppend(bytes: Uint8Array, view: DataView, { from, to, term }: Head): ReceivedMessage {
  if (bytes.byteLength < APPEND_BYTES) throw badFrame('an append request is cut off');
  const previousIndex = integer(view, HEAD_BYTES);
  const entries: ReceivedEntry[] = [];
  const terms: [number, number][] = [];
  let at = APPEND_BYTES;
  for (let left = view.getUint32(HEAD_BYTES + 32, true); left > 0; left--) {
    if (at + ENTRY_LENGTH_BYTES > bytes.byteLength) throw badFrame('an append request has fewer entries than it says');
    const end = at + ENTRY_LENGTH_BYTES + view.getUint32(at, true);
    if (end > bytes.byteLength) throw badFrame('an entry of an append request is cut off');
    const received = readEntry(previousIndex + 1 + entries.length, bytes.subarray(at + ENTRY_LENGTH_BYTES, end));
    if (terms.at(-1)?.[1] !== received.term) terms.push([received.entry.index, received.term]);
    entries.push(received);
    at = end;
  }
  if (at !== bytes.byteLength) throw badFrame('an append request has bytes left over');
  const message: AppendRequest = {
    type: 'append-request',
    from,
    to,
    term,
    previousIndex,
    previousTerm: integer(view, HEAD_BYTES + 8),
    commitIndex: integer(view, HEAD_BYTES + 16),
    round: integer(view, HEAD_BYTES + 24),
    lastIndex: previousIndex + entries.length,
    terms,
  };
  return { message, entries };
}

function readEntry(index: number, record: Uint8Array): ReceivedEntry {
  try {
    const term = termOfRecord(index, record);
    const entry = decodeRecord(index, record);
    const membership = entry.kind === EntryKind.membership ? membershipOf(entry) : null;
    if (hasSoundNumbers(entry)) return { record, term, entry, membership };
  } catch {
    // What is wrong with it is said below.
  }
  throw badFrame('an entry of an append request cannot be read');
}

function hasSoundNumbers({ timestampMs, mergePoint }: Entry): boolean {
  return Number.isFinite(timestampMs) && Number.isSafeInteger(mergePoint) && mergePoint >= 0;
}
