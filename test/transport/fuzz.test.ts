import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeReply } from '../../src/client/reply.js';
import { PsmrError } from '../../src/errors.js';
import { decodeCommandBatch, encodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { decodeCommandsFrame, encodeReplyFrame, FrameKind } from '../../src/transport/frames.js';
import {
  decodeGoodbye,
  decodeHello,
  decodeWelcome,
  encodeGoodbye,
  encodeHello,
  encodeWelcome,
} from '../../src/transport/handshake.js';
import {
  decodeSubscriptionReply,
  decodeSubscriptionRequest,
  encodeEnded,
  encodeEvents,
  encodeSubscribe,
  encodeSubscribed,
  encodeTaken,
  encodeUnsubscribe,
} from '../../src/transport/subscription-frames.js';
import { SessionGate } from '../../src/transport/session-gate.js';
import { commands, FakeConnection, FakeGroup, FakeTimer, HELLO, segment, WELCOME } from './samples.js';

const resultsBody = encodeValue([
  [1, null],
  [1, 'COMMAND_FAILED', 'no'],
]);
const reply = { flags: 0, group: 2, count: 2, firstSequence: 1 };

const SAMPLES = {
  hello: encodeHello(HELLO),
  welcome: encodeWelcome(WELCOME),
  goodbye: encodeGoodbye({ code: 'BAD_FRAME', message: 'why' }),
  commands: commands({ segments: [segment(), segment({ flags: 2 })] }),
  results: encodeReplyFrame({ ...reply, kind: FrameKind.results, body: resultsBody }),
  rejected: encodeReplyFrame({ ...reply, kind: FrameKind.rejected, body: encodeValue(['OVERLOADED', 'later']) }),
  batch: encodeCommandBatch(['a', 'b'], [0, 1], [{ x: 1 }, null]),
  batchOfTexts: encodeCommandBatch(
    ['a'],
    [0, 0],
    [
      { a: 'a', b: 'bc', c: 'd', d: 1 },
      { a: 'a', b: 'b', c: 'd', d: 'e', e: 'f' },
    ],
  ),
  subscribe: encodeSubscribe({
    id: 1,
    epoch: 7,
    keys: ['a'],
    prefixes: ['b/'],
    after: { origin: 1000, sequence: 3 },
    windowBytes: 65_536,
  }),
  taken: encodeTaken(1, 400, true),
  unsubscribe: encodeUnsubscribe(1),
  subscribed: encodeSubscribed(2, 1, { origin: 1000, sequence: 3 }),
  events: encodeEvents(2, 1, { origin: 1000, sequence: 5 }, [
    { key: 'a', bytes: encodeValue([4, 1000, 'a', { x: 1 }]) },
    { key: 'a', bytes: encodeValue([5, 1001, 'a', null]) },
  ]),
  ended: encodeEnded(2, 1, 'SUBSCRIPTION_LOST', 'why'),
};

const DECODERS: Record<string, (bytes: Uint8Array) => unknown> = {
  hello: decodeHello,
  welcome: decodeWelcome,
  goodbye: decodeGoodbye,
  commands: decodeCommandsFrame,
  reply: decodeReply,
  batch: (bytes) => decodeCommandBatch(bytes, 2),
  'a request of a subscriber': decodeSubscriptionRequest,
  'what a subscriber is sent': decodeSubscriptionReply,
};

/** A message that an honest peer could send, then spoilt: cut, flipped, lengthened, or with a number made huge. */
const spoilt: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    fc.constantFrom(...Object.values(SAMPLES)),
    fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 0, max: 255 })), { maxLength: 6 }),
    fc.nat(400),
    fc.uint8Array({ maxLength: 40 }),
    fc.constantFrom('flip', 'cut', 'lengthen', 'all'),
  )
  .map(([sample, changes, length, tail, how]) => {
    const bytes = how === 'cut' || how === 'all' ? sample.slice(0, length) : Uint8Array.from(sample);
    if (how !== 'cut' && bytes.byteLength > 0) for (const [at, value] of changes) bytes[at % bytes.byteLength] = value;
    return how === 'lengthen' || how === 'all' ? Uint8Array.from([...bytes, ...tail]) : bytes;
  });

const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), spoilt);

function throwsOnlyPsmrErrors(act: () => unknown): void {
  try {
    act();
  } catch (thrown) {
    expect(thrown).toBeInstanceOf(PsmrError);
  }
}

describe('whatever bytes arrive', () => {
  it.each(Object.entries(DECODERS))('decoding them as %s gives a value or a PsmrError', (_name, decode) => {
    fc.assert(
      fc.property(anyBytes, (bytes) => throwsOnlyPsmrErrors(() => decode(bytes))),
      { numRuns: 2_000 },
    );
  });

  it('every byte of every message can be any other', () => {
    for (const sample of Object.values(SAMPLES)) {
      for (let at = 0; at < Math.min(sample.byteLength, 120); at++) {
        const bytes = Uint8Array.from(sample);
        for (const value of [0, 1, 0x7f, 0x80, 0xc1, 0xd9, 0xdb, 0xdd, 0xdf, 0xff]) {
          bytes[at] = value;
          for (const decode of Object.values(DECODERS)) throwsOnlyPsmrErrors(() => decode(bytes));
        }
      }
    }
  });

  it('a gate closes the connection they came on or takes them for a frame, and serves everyone else', () => {
    fc.assert(
      fc.property(fc.array(anyBytes, { minLength: 1, maxLength: 8 }), fc.boolean(), (messages, greet) => {
        const group = new FakeGroup();
        const gate = new SessionGate(group, new FakeTimer().after);
        const [bad, good] = [new FakeConnection(1), new FakeConnection(2)];
        const session = new Uint8Array(16).fill(7);
        gate.open(good);
        gate.message(good, encodeHello({ ...HELLO, session }));
        gate.open(bad);
        if (greet) gate.message(bad, encodeHello(HELLO));
        for (const message of messages) gate.message(bad, message);
        expect(bad.closed).toBe(bad.goodbyes.length === 1);
        const before = group.received.length;
        gate.message(good, commands({ session }));
        expect(group.received).toHaveLength(before + 1);
        expect(good.closed).toBe(false);
      }),
      { numRuns: 1_000 },
    );
  });
});
