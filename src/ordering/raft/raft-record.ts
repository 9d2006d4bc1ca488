/**
 * A replicated entry as its log stores it and as links carry it: the term, then what entry-codec.ts writes.
 *
 *   0 f64 term | 8 the entry (byte 9 is its kind)
 */
import { PsmrError } from '../../errors.js';
import { decodeValue, encodeValue } from '../../execution/command-batch.js';
import { list, pair, whole } from '../../shape.js';
import { decodeEntry, encodeEntry } from '../entry-codec.js';
import type { Entry, Membership } from '../group-log.js';

const TERM_BYTES = 8;
const KIND_AT = TERM_BYTES + 1;

/** An entry as it came from another replica. */
export interface ReceivedEntry {
  readonly record: Uint8Array;
  readonly term: number;
  readonly entry: Entry;
  /** What a membership entry changes the membership to. */
  readonly membership: Membership | null;
}

/** The pieces to be written one after another; frames are not copied. */
export function encodeRecord(term: number, entry: Entry): Uint8Array[] {
  const head = Buffer.alloc(TERM_BYTES);
  head.writeDoubleLE(term);
  return [head, ...encodeEntry(entry)];
}

function corrupt(index: number): PsmrError {
  return new PsmrError(
    'DATA_CORRUPT',
    `The replicated log's entry ${index} cannot be read although its checksum is right: it was written by another version of psmr.`,
  );
}

/** Throws DATA_CORRUPT. */
export function termOfRecord(index: number, bytes: Uint8Array): number {
  if (bytes.byteLength <= KIND_AT) throw corrupt(index);
  const term = new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0, true);
  if (!Number.isSafeInteger(term) || term < 0) throw corrupt(index);
  return term;
}

/** Frames are views of `bytes`. Throws DATA_CORRUPT. */
export function decodeRecord(index: number, bytes: Uint8Array): Entry {
  return decodeEntry(index, bytes.subarray(TERM_BYTES));
}

export function encodeMembership(membership: Membership): Uint8Array {
  return encodeValue([membership.voters, membership.learners]);
}

const membershipFields = pair(list(whole(1)), list(whole(1)));

/** Throws DATA_CORRUPT. */
export function membershipOf(entry: Entry): Membership {
  try {
    const [voters, learners] = membershipFields(decodeValue(entry.frames[0] ?? new Uint8Array(1)), '');
    return { voters, learners };
  } catch {
    throw corrupt(entry.index);
  }
}
