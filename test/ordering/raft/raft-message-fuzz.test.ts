import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PsmrError } from '../../../src/errors.js';
import { EntryKind, type Entry } from '../../../src/ordering/group-log.js';
import { decodeRaftMessage, encodeRaftMessage } from '../../../src/ordering/raft/raft-message-codec.js';
import { encodeMembership, encodeRecord } from '../../../src/ordering/raft/raft-record.js';
import type { AppendRequest, RaftMessage } from '../../../src/ordering/raft/raft-types.js';

const count = fc.oneof(fc.nat(1000), fc.maxSafeNat());
const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const head = { from: u32, to: u32, term: count };

const small: fc.Arbitrary<RaftMessage> = fc.oneof(
  fc.record({
    type: fc.constant('vote-request' as const),
    ...head,
    pre: fc.boolean(),
    transfer: fc.boolean(),
    lastIndex: count,
    lastTerm: count,
  }),
  fc.record({ type: fc.constant('vote-reply' as const), ...head, pre: fc.boolean(), granted: fc.boolean() }),
  fc.record({
    type: fc.constant('append-reply' as const),
    ...head,
    ok: fc.boolean(),
    unfit: fc.boolean(),
    index: count,
    indexTerm: count,
    round: count,
  }),
  fc.record({ type: fc.constant('checkpoint-notice' as const), ...head, firstIndex: count }),
  fc.record({ type: fc.constant('timeout-now' as const), ...head, stay: fc.boolean(), needed: fc.boolean() }),
  fc.record({ type: fc.constant('read-request' as const), ...head, id: count }),
  fc.record({ type: fc.constant('read-reply' as const), ...head, id: count, index: fc.oneof(count, fc.constant(-1)) }),
);

const frames = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 4 });
const stored = fc.record({
  term: fc.nat(3),
  kind: fc.constantFrom(EntryKind.commands, EntryKind.checkpoint, EntryKind.noop),
  timestampMs: fc.nat(),
  mergePoint: count,
  frames,
});

interface Append {
  readonly message: AppendRequest;
  readonly entries: readonly Entry[];
  readonly records: readonly (readonly Uint8Array[])[];
}

/** Terms rise along the entries; their runs are what the message says. */
const append: fc.Arbitrary<Append> = fc
  .record({ ...head, previousIndex: fc.nat(1e9), previousTerm: fc.nat(9), commitIndex: count, round: count })
  .chain((fields) => fc.array(stored, { maxLength: 6 }).map((list) => appendOf(fields, list)));

type Fields = Omit<AppendRequest, 'type' | 'lastIndex' | 'terms'>;

function appendOf(fields: Fields, list: readonly (Omit<Entry, 'index'> & { term: number })[]): Append {
  let term = 10;
  const terms: [number, number][] = [];
  const entries: Entry[] = [];
  const records = list.map(({ term: step, ...rest }) => {
    const entry = { ...rest, index: fields.previousIndex + 1 + entries.length };
    term += step;
    if (terms.at(-1)?.[1] !== term) terms.push([entry.index, term]);
    entries.push(entry);
    return encodeRecord(term, entry);
  });
  const lastIndex = fields.previousIndex + entries.length;
  return { message: { ...fields, type: 'append-request', lastIndex, terms }, entries, records };
}

const bytesOf = ({ message, records }: Pick<Append, 'message' | 'records'>): Buffer =>
  Buffer.concat(encodeRaftMessage(message, records));

const plain = (entry: Entry): unknown => ({ ...entry, frames: entry.frames.map((frame) => [...frame]) });

/** What decoding answers to bytes that nobody vouches for; any other error than BAD_FRAME is a fault. */
function accepts(bytes: Uint8Array): ReturnType<typeof decodeRaftMessage> | null {
  try {
    return decodeRaftMessage(bytes);
  } catch (error) {
    if (error instanceof PsmrError && error.code === 'BAD_FRAME') return null;
    throw error;
  }
}

/** What is accepted is what somebody could have sent: encoded again it is the same bytes. */
function checkCanonical(bytes: Uint8Array): void {
  const received = accepts(bytes);
  if (received === null) return;
  const again = encodeRaftMessage(
    received.message,
    received.entries.map(({ record }) => [record]),
  );
  expect(Buffer.concat(again)).toEqual(Buffer.from(bytes));
}

const oneEntry = (entry: Partial<Entry>): Buffer => {
  const fields = { from: 1, to: 2, term: 1, previousIndex: 4, previousTerm: 1, commitIndex: 4, round: 1 };
  const whole = { term: 1, kind: EntryKind.commands, timestampMs: 1, mergePoint: 1, frames: [], ...entry };
  return bytesOf(appendOf(fields, [whole]));
};

describe('messages between replicas', () => {
  it('arrive as they were sent', () => {
    fc.assert(
      fc.property(small, (message) => {
        expect(decodeRaftMessage(Buffer.concat(encodeRaftMessage(message))).message).toEqual(message);
      }),
    );
  });

  it('carry entries as their log stores them', () => {
    fc.assert(
      fc.property(append, (sent) => {
        const { message, entries } = decodeRaftMessage(bytesOf(sent));
        expect(message).toEqual(sent.message);
        expect(entries.map(({ record }) => Buffer.from(record))).toEqual(
          sent.records.map((each) => Buffer.concat(each)),
        );
        expect(entries.map(({ entry }) => plain(entry))).toEqual(sent.entries.map(plain));
      }),
    );
  });

  it('are made without a copy of any frame', () => {
    const frame = Buffer.from('frame');
    const entry: Entry = { index: 5, kind: EntryKind.commands, timestampMs: 0, mergePoint: 0, frames: [frame] };
    const { message } = appendOf(
      { from: 1, to: 2, term: 1, previousIndex: 4, previousTerm: 1, commitIndex: 4, round: 1 },
      [{ ...entry, term: 0 }],
    );
    expect(encodeRaftMessage(message, [encodeRecord(10, entry)])).toContain(frame);
  });

  it('are read from any place in a larger buffer', () => {
    fc.assert(
      fc.property(append, fc.nat(7), (sent, before) => {
        const bytes = Buffer.concat([Buffer.alloc(before, 0xff), bytesOf(sent), Buffer.alloc(3, 0xff)]);
        const { message } = decodeRaftMessage(bytes.subarray(before, bytes.byteLength - 3));
        expect(message).toEqual(sent.message);
      }),
    );
  });

  it('are BAD_FRAME when they are no messages at all', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => checkCanonical(bytes)),
      { numRuns: 2000 },
    );
  });

  it('are BAD_FRAME, or another message, when bytes of them changed', () => {
    const change = fc.record({ at: fc.nat(), to: fc.integer({ min: 0, max: 255 }) });
    const sent = fc.oneof(
      append.map(bytesOf),
      small.map((message) => Buffer.concat(encodeRaftMessage(message))),
    );
    fc.assert(
      fc.property(sent, fc.array(change, { minLength: 1, maxLength: 4 }), (bytes, changes) => {
        const changed = Buffer.from(bytes);
        for (const { at, to } of changes) changed[at % changed.byteLength] = to;
        checkCanonical(changed);
      }),
      { numRuns: 3000 },
    );
  });

  it('are BAD_FRAME when they are cut off anywhere, or go on behind their end', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          append.map(bytesOf),
          small.map((each) => Buffer.concat(encodeRaftMessage(each))),
        ),
        (bytes) => {
          for (let left = 0; left < bytes.byteLength; left++) expect(accepts(bytes.subarray(0, left))).toBeNull();
          expect(accepts(Buffer.concat([bytes, Buffer.alloc(1)]))).toBeNull();
        },
      ),
      { numRuns: 50 },
    );
  });

  it.each([
    ['a time that is no number', { timestampMs: NaN }],
    ['a merge point that is no index', { mergePoint: 0.5 }],
    ['a merge point that is no number', { mergePoint: NaN }],
    ['members that are none', { kind: EntryKind.membership, frames: [Buffer.from([0xc1])] }],
    ['members without a list', { kind: EntryKind.membership, frames: [] }],
  ])('are BAD_FRAME with an entry that has %s', (_, entry) => {
    expect(accepts(oneEntry({}))).not.toBeNull();
    expect(accepts(oneEntry(entry))).toBeNull();
  });

  it('carry a change of members', () => {
    const membership = { voters: [1, 2, 9], learners: [4] };
    const { entries } = decodeRaftMessage(
      oneEntry({ kind: EntryKind.membership, frames: [encodeMembership(membership)] }),
    );
    expect(entries[0]?.membership).toEqual(membership);
  });
});
