import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PsmrError } from '../../../src/errors.js';
import { EntryKind } from '../../../src/ordering/group-log.js';
import { decodeRaftMessage, encodeRaftMessage, readMessage } from '../../../src/ordering/raft/raft-message-codec.js';
import { encodeRecord } from '../../../src/ordering/raft/raft-record.js';
import type { RaftMessage } from '../../../src/ordering/raft/raft-types.js';

const id = fc.integer({ min: 1, max: 65_535 });
const whole = fc.maxSafeNat();
const head = { from: id, to: id, term: whole };
const flag = fc.boolean();

const small: fc.Arbitrary<RaftMessage> = fc.oneof(
  fc.record({
    ...head,
    type: fc.constant('vote-request' as const),
    pre: flag,
    transfer: flag,
    lastIndex: whole,
    lastTerm: whole,
  }),
  fc.record({ ...head, type: fc.constant('vote-reply' as const), pre: flag, granted: flag }),
  fc.record({
    ...head,
    type: fc.constant('append-reply' as const),
    ok: flag,
    unfit: flag,
    index: whole,
    indexTerm: whole,
    round: whole,
  }),
  fc.record({ ...head, type: fc.constant('checkpoint-notice' as const), firstIndex: whole }),
  fc.record({ ...head, type: fc.constant('timeout-now' as const), stay: fc.boolean(), needed: fc.boolean() }),
  fc.record({ ...head, type: fc.constant('read-request' as const), id: whole }),
  fc.record({ ...head, type: fc.constant('read-reply' as const), id: whole, index: fc.constantFrom(-1, 0, 7) }),
);

/** Terms of consecutive entries, which never fall. */
const terms = fc.array(fc.nat({ max: 3 }), { maxLength: 6 }).map((steps) => {
  let term = 1;
  return steps.map((step) => (term += step));
});

const append = fc.record({
  from: id,
  to: id,
  terms,
  previousIndex: fc.nat(),
  payload: fc.uint8Array({ maxLength: 20 }),
});

function appendOf({
  from,
  to,
  terms: each,
  previousIndex,
  payload,
}: typeof append extends fc.Arbitrary<infer T> ? T : never): {
  message: RaftMessage;
  bytes: Buffer;
} {
  const runs: [number, number][] = [];
  const records = each.map((term, at) => {
    if (runs.at(-1)?.[1] !== term) runs.push([previousIndex + 1 + at, term]);
    const frames = [payload];
    return encodeRecord(term, {
      index: previousIndex + 1 + at,
      kind: EntryKind.commands,
      timestampMs: 5,
      mergePoint: 2,
      frames,
    });
  });
  const message: RaftMessage = {
    type: 'append-request',
    ...{ from, to, term: 9, previousIndex, previousTerm: 1, commitIndex: 3, round: 4 },
    lastIndex: previousIndex + each.length,
    terms: runs,
  };
  return { message, bytes: Buffer.concat(encodeRaftMessage(message, records)) };
}

describe('a message between replicas', () => {
  it('arrives as it was sent', () => {
    fc.assert(
      fc.property(small, (message) => {
        expect(decodeRaftMessage(Buffer.concat(encodeRaftMessage(message)))).toEqual({ message, entries: [] });
      }),
    );
  });

  it('brings its entries as they are stored', () => {
    fc.assert(
      fc.property(append, (sent) => {
        const { message, bytes } = appendOf(sent);
        const received = decodeRaftMessage(bytes);
        expect(received.message).toEqual(message);
        expect(received.entries).toHaveLength(sent.terms.length);
      }),
    );
  });

  it('is BAD_FRAME where it is cut off, and nothing else than that or a message where bits are flipped', () => {
    fc.assert(
      fc.property(append, fc.nat(), fc.nat(), (sent, cut, flip) => {
        const { bytes } = appendOf(sent);
        const length = cut % bytes.byteLength;
        expect(() => decodeRaftMessage(bytes.subarray(0, length))).toThrow(PsmrError);
        const damaged = Buffer.from(bytes);
        damaged[flip % damaged.byteLength] = (damaged[flip % damaged.byteLength] ?? 0) ^ (1 << (flip % 8));
        try {
          decodeRaftMessage(damaged);
        } catch (error) {
          expect(error).toMatchObject({ code: 'BAD_FRAME' });
        }
      }),
      { numRuns: 500 },
    );
  });

  it('is passed over where it cannot be read, or comes from another than it says', () => {
    const message: RaftMessage = { type: 'timeout-now', from: 2, to: 1, term: 3, stay: false, needed: false };
    const bytes = Buffer.concat(encodeRaftMessage(message));
    expect(readMessage(2, 1, bytes)).toMatchObject({ message });
    expect(readMessage(3, 1, bytes)).toMatchObject({ code: 'BAD_FRAME' });
    expect(readMessage(2, 3, bytes)).toMatchObject({ code: 'BAD_FRAME' });
    expect(readMessage(2, 1, Buffer.from('no message'))).toMatchObject({ code: 'BAD_FRAME' });
    expect(readMessage(2, 1, new Uint8Array())).toMatchObject({ code: 'BAD_FRAME' });
    const contradiction = { ...message, type: 'read-request', id: -1 } as const;
    expect(readMessage(2, 1, Buffer.concat(encodeRaftMessage(contradiction)))).toMatchObject({ code: 'BAD_FRAME' });
  });
});
