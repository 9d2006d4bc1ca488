/**
 * The frames of subscriptions, between a client and one stream's group. docs/protocol.md is the prose. Nothing here
 * trusts its input: every reader checks before it reads and throws BAD_FRAME.
 *
 *   SUBSCRIBE    0 u8 kind=7  | 1 u8 0 | 2 u16 0 | 4 u32 id | 8 u32 epoch | 12 MessagePack, a map
 *   SUBSCRIBED   0 u8 kind=8  | 1 u8 0 | 2 u16 group | 4 u32 id | 8 f64 origin | 16 f64 sequence
 *   EVENTS       0 u8 kind=9  | 1 u8 0 | 2 u16 group | 4 u32 id | 8 f64 origin | 16 f64 through
 *               24 per event: u32 bytes | MessagePack [sequence, time, key, value]
 *   TAKEN        0 u8 kind=10 | 1 u8 flags | 2 u16 0 | 4 u32 id | 8 f64 bytes
 *   UNSUBSCRIBE  0 u8 kind=11 | 1 u8 0 | 2 u16 0 | 4 u32 id
 *   ENDED        0 u8 kind=12 | 1 u8 0 | 2 u16 group | 4 u32 id | 8 MessagePack, a map
 */
import { decodeValue, encodeValue } from '../execution/command-batch.js';
import type { EventPlace, KeptEvent } from '../execution/event-ring.js';
import { fields, list, nullable, optional, pair, text, whole } from '../shape.js';
import { badFrame } from './frames.js';
import { parseFields } from './handshake.js';

const SubscriptionKind = {
  subscribe: 7,
  subscribed: 8,
  events: 9,
  taken: 10,
  unsubscribe: 11,
  ended: 12,
} as const;

/** Flag of TAKEN: answer with EVENTS when this place in the stream is known to be the newest. */
const FLAG_ASK = 1;

const SUBSCRIBE_BYTES_MAX = 65_536;
/** Keys and prefixes of one subscription. */
export const TOPICS_MAX = 1_024;
export const WINDOW_BYTES_MIN = 1_024;
const HEADER_BYTES = 8;
const PLACE_HEADER_BYTES = 24;

export interface SubscribeFrame {
  readonly kind: 'subscribe';
  readonly id: number;
  /** Of the partition map by which the keys were found to be this stream's. */
  readonly epoch: number;
  readonly keys: readonly string[];
  readonly prefixes: readonly string[];
  /** Null: from now on. */
  readonly after: EventPlace | null;
  /** How much may be under way and not taken yet. */
  readonly windowBytes: number;
}

export type SubscriptionRequest =
  | SubscribeFrame
  | { readonly kind: 'taken'; readonly id: number; readonly bytes: number; readonly ask: boolean }
  | { readonly kind: 'unsubscribe'; readonly id: number };

/** One event, as a subscriber gets it. */
export interface DecodedEvent {
  readonly sequence: number;
  readonly timestampMs: number;
  readonly key: string;
  readonly value: unknown;
  /** What it counts for in the window. */
  readonly bytes: number;
}

export type SubscriptionReply =
  | { readonly kind: 'subscribed'; readonly id: number; readonly place: EventPlace }
  | { readonly kind: 'events'; readonly id: number; readonly through: EventPlace; readonly events: DecodedEvent[] }
  | {
      readonly kind: 'ended';
      readonly id: number;
      readonly code: string;
      readonly message: string;
      readonly leader: number;
    };

const subscribeFields = fields({
  keys: list(text()),
  prefixes: list(text()),
  after: nullable(pair(whole(0), whole(0))),
  windowBytes: whole(WINDOW_BYTES_MIN),
});
const endedFields = fields({ code: text(), message: text(), leader: optional(whole(0)) });

/** Whether a client's message is about subscriptions. */
export function isSubscriptionRequest(message: Uint8Array): boolean {
  const kind = message[0];
  return (
    kind === SubscriptionKind.subscribe || kind === SubscriptionKind.taken || kind === SubscriptionKind.unsubscribe
  );
}

export function encodeSubscribe(frame: Omit<SubscribeFrame, 'kind'>): Uint8Array {
  const { keys, prefixes, after, windowBytes } = frame;
  const body = encodeValue({
    keys,
    prefixes,
    after: after === null ? null : [after.origin, after.sequence],
    windowBytes,
  });
  const { bytes, view } = begin(SubscriptionKind.subscribe, 0, frame.id, HEADER_BYTES + 4 + body.byteLength);
  view.setUint32(8, frame.epoch, true);
  bytes.set(body, 12);
  return bytes;
}

/** `bytes`: of all events taken so far. */
export function encodeTaken(id: number, taken: number, ask: boolean): Uint8Array {
  const { bytes, view } = begin(SubscriptionKind.taken, 0, id, HEADER_BYTES + 8);
  bytes[1] = ask ? FLAG_ASK : 0;
  view.setFloat64(8, taken, true);
  return bytes;
}

export function encodeUnsubscribe(id: number): Uint8Array {
  return begin(SubscriptionKind.unsubscribe, 0, id, HEADER_BYTES).bytes;
}

/** Reads and checks what a client sends; the result is a copy. Throws BAD_FRAME. */
export function decodeSubscriptionRequest(bytes: Uint8Array): SubscriptionRequest {
  const view = viewOf(bytes, HEADER_BYTES);
  const id = view.getUint32(4, true);
  const flags = view.getUint8(1);
  if (bytes[0] !== SubscriptionKind.taken && flags !== 0) throw badFrame(`unknown flags ${flags}`);
  switch (bytes[0]) {
    case SubscriptionKind.subscribe:
      return decodeSubscribe(bytes, id);
    case SubscriptionKind.taken: {
      if (bytes.byteLength !== HEADER_BYTES + 8) throw badFrame(`TAKEN has ${bytes.byteLength} bytes, not 16`);
      if (flags > FLAG_ASK) throw badFrame(`unknown flags ${flags}`);
      return {
        kind: 'taken',
        id,
        bytes: wholeNumber(view.getFloat64(8, true), 'TAKEN.bytes'),
        ask: flags === FLAG_ASK,
      };
    }
    case SubscriptionKind.unsubscribe:
      if (bytes.byteLength !== HEADER_BYTES) throw badFrame(`UNSUBSCRIBE has ${bytes.byteLength} bytes, not 8`);
      return { kind: 'unsubscribe', id };
    default:
      throw badFrame(`kind ${bytes[0]} is no request of a subscriber`);
  }
}

function decodeSubscribe(bytes: Uint8Array, id: number): SubscribeFrame {
  if (bytes.byteLength > SUBSCRIBE_BYTES_MAX)
    throw badFrame(`SUBSCRIBE has ${bytes.byteLength} of ${SUBSCRIBE_BYTES_MAX} bytes`);
  const view = viewOf(bytes, HEADER_BYTES + 4);
  const fields = parseFields(subscribeFields, readMap(bytes, 12, 'SUBSCRIBE'), 'SUBSCRIBE');
  const { keys, prefixes, windowBytes } = fields;
  const topics = keys.length + prefixes.length;
  if (topics === 0 || topics > TOPICS_MAX)
    throw badFrame(`SUBSCRIBE has ${topics} keys and prefixes; it may have 1 to ${TOPICS_MAX}`);
  const after = fields.after === null ? null : { origin: fields.after[0], sequence: fields.after[1] };
  return { kind: 'subscribe', id, epoch: view.getUint32(8, true), keys, prefixes, after, windowBytes };
}

export function encodeSubscribed(group: number, id: number, place: EventPlace): Uint8Array {
  return beginAt(SubscriptionKind.subscribed, group, id, place, PLACE_HEADER_BYTES).bytes;
}

/** `through`: all events up to there have been looked at; those that nobody wanted are left out. */
export function encodeEvents(group: number, id: number, through: EventPlace, events: readonly KeptEvent[]): Uint8Array {
  let size = PLACE_HEADER_BYTES;
  for (const event of events) size += 4 + event.bytes.byteLength;
  const { bytes, view } = beginAt(SubscriptionKind.events, group, id, through, size);
  let at = PLACE_HEADER_BYTES;
  for (const event of events) {
    view.setUint32(at, event.bytes.byteLength, true);
    bytes.set(event.bytes, at + 4);
    at += 4 + event.bytes.byteLength;
  }
  return bytes;
}

export function encodeEnded(group: number, id: number, code: string, message: string, leader?: number): Uint8Array {
  const body = encodeValue({ code, message, ...(leader === undefined ? {} : { leader }) });
  const { bytes } = begin(SubscriptionKind.ended, group, id, HEADER_BYTES + body.byteLength);
  bytes.set(body, HEADER_BYTES);
  return bytes;
}

/** Reads and checks what a server sends to a subscriber. Throws BAD_FRAME. */
export function decodeSubscriptionReply(bytes: Uint8Array): SubscriptionReply {
  const view = viewOf(bytes, HEADER_BYTES);
  const id = view.getUint32(4, true);
  switch (bytes[0]) {
    case SubscriptionKind.subscribed:
      return { kind: 'subscribed', id, place: decodePlace(bytes) };
    case SubscriptionKind.events: {
      const through = decodePlace(bytes);
      return { kind: 'events', id, through, events: decodeEvents(bytes, through.sequence) };
    }
    case SubscriptionKind.ended: {
      const { code, message, leader = 0 } = parseFields(endedFields, readMap(bytes, HEADER_BYTES, 'ENDED'), 'ENDED');
      return { kind: 'ended', id, code, message, leader };
    }
    default:
      throw badFrame(`kind ${bytes[0]} is nothing that a subscriber is sent`);
  }
}

function decodePlace(bytes: Uint8Array): EventPlace {
  const view = viewOf(bytes, PLACE_HEADER_BYTES);
  const origin = wholeNumber(view.getFloat64(8, true), 'the origin');
  return { origin, sequence: wholeNumber(view.getFloat64(16, true), 'the sequence') };
}

function decodeEvents(bytes: Uint8Array, through: number): DecodedEvent[] {
  const events: DecodedEvent[] = [];
  const view = viewOf(bytes, PLACE_HEADER_BYTES);
  let before = 0;
  for (let at = PLACE_HEADER_BYTES; at < bytes.byteLength;) {
    if (at + 4 > bytes.byteLength) throw badFrame('the length of an event is cut off');
    const length = view.getUint32(at, true);
    const end = at + 4 + length;
    if (end > bytes.byteLength) throw badFrame('an event is cut off');
    const fields = readMap(bytes.subarray(0, end), at + 4, 'an event');
    const event = isEvent(fields) ? fields : null;
    if (event === null) throw badFrame('an event is not [sequence, time, key, value]');
    const [sequence, timestampMs, key, value] = event;
    if (sequence <= before || sequence > through) throw badFrame(`event ${sequence} is out of order`);
    events.push({ sequence, timestampMs, key, value, bytes: length });
    before = sequence;
    at = end;
  }
  return events;
}

function isEvent(fields: unknown): fields is [sequence: number, timestampMs: number, key: string, value: unknown] {
  if (!Array.isArray(fields) || fields.length !== 4) return false;
  const [sequence, timestampMs, key] = fields as unknown[];
  return Number.isSafeInteger(sequence) && typeof timestampMs === 'number' && typeof key === 'string';
}

function begin(kind: number, group: number, id: number, size: number): { bytes: Uint8Array; view: DataView } {
  const bytes = new Uint8Array(size);
  const view = viewOf(bytes, 0);
  bytes[0] = kind;
  view.setUint16(2, group, true);
  view.setUint32(4, id, true);
  return { bytes, view };
}

function beginAt(
  kind: number,
  group: number,
  id: number,
  { origin, sequence }: EventPlace,
  size: number,
): { bytes: Uint8Array; view: DataView } {
  const frame = begin(kind, group, id, size);
  frame.view.setFloat64(8, origin, true);
  frame.view.setFloat64(16, sequence, true);
  return frame;
}

function viewOf(bytes: Uint8Array, least: number): DataView {
  if (bytes.byteLength < least) throw badFrame(`${bytes.byteLength} bytes are too few for its header`);
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readMap(bytes: Uint8Array, from: number, what: string): unknown {
  try {
    return decodeValue(bytes.subarray(from));
  } catch {
    throw badFrame(`${what} is not valid MessagePack`);
  }
}

function wholeNumber(value: number, what: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw badFrame(`${what} is no whole number`);
}
