import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeReply } from '../../src/client/reply.js';
import { createSessionId } from '../../src/client/session-id.js';
import { decodeCommandBatch, encodeCommandBatch, encodeValue } from '../../src/execution/command-batch.js';
import { ResultBatch } from '../../src/execution/result-batch.js';
import { EntryKind } from '../../src/ordering/group-log.js';
import { decodeRaftMessage, encodeRaftMessage } from '../../src/ordering/raft/raft-message-codec.js';
import { encodeRecord } from '../../src/ordering/raft/raft-record.js';
import type { RaftMessage } from '../../src/ordering/raft/raft-types.js';
import { decodeCommandsFrame, encodeCommandsFrame, encodeReplyFrame, FrameKind } from '../../src/transport/frames.js';
import {
  decodeSubscriptionReply,
  decodeSubscriptionRequest,
  encodeEnded,
  encodeEvents,
  encodeSubscribe,
  encodeSubscribed,
  encodeTaken,
} from '../../src/transport/subscription-frames.js';
import { decodeGoodbye, decodeHello, encodeGoodbye, encodeHello } from '../../src/transport/handshake.js';

const document = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');

/** The bytes of the block after `<!-- bytes: name -->`; what follows a `|` in a line is for people. */
function example(name: string): Uint8Array {
  const block = new RegExp(`<!-- bytes: ${name} -->\\n+\`\`\`text\\n([^\`]*)\`\`\``).exec(document)?.[1];
  if (block === undefined) throw new Error(`docs/protocol.md has no example '${name}'`);
  const hex = block.replaceAll(/\|.*$/gm, '').replaceAll(/\s/g, '');
  return Uint8Array.from(Buffer.from(hex, 'hex'));
}

const session = example('session');

describe('the bytes in docs/protocol.md', () => {
  it('are those of a session id', () => {
    const id = createSessionId(1_700_000_000_000);
    expect(id.subarray(0, 6)).toEqual(session.subarray(0, 6));
    expect(id).toHaveLength(session.byteLength);
    expect(id.subarray(6)).not.toEqual(createSessionId(1_700_000_000_000).subarray(6));
  });

  it('are those of a HELLO', () => {
    const hello = { protocol: 2, service: 'bank', token: null, session };
    expect(Buffer.from(encodeHello(hello)).toString('hex')).toBe(Buffer.from(example('hello')).toString('hex'));
    expect(decodeHello(example('hello'))).toEqual(hello);
  });

  it('are those of a GOODBYE', () => {
    const goodbye = { code: 'UNAUTHORIZED', message: 'no' };
    expect(Buffer.from(encodeGoodbye(goodbye)).toString('hex')).toBe(Buffer.from(example('goodbye')).toString('hex'));
    expect(decodeGoodbye(example('goodbye'))).toEqual(goodbye);
  });

  it('are those of a COMMANDS frame', () => {
    const args = [{ account: 'a', amount: 1 }, { account: 'a' }, { account: 'a', amount: 2 }];
    const body = encodeCommandBatch(['deposit', 'balance'], [0, 1, 0], args);
    const frame = {
      flags: 0,
      epoch: 0x0102_0304,
      session,
      firstSequence: 8,
      acknowledged: 7,
      segments: [{ low: 2, high: 0, flags: 0, count: 3, body }],
    };
    expect(Buffer.from(encodeCommandsFrame(frame)).toString('hex')).toBe(
      Buffer.from(example('commands')).toString('hex'),
    );
    const decoded = decodeCommandsFrame(example('commands'));
    expect(decoded).toMatchObject({ epoch: 0x0102_0304, firstSequence: 8, acknowledged: 7 });
    expect(decodeCommandBatch(decoded.segments[0]?.body ?? new Uint8Array(), 3).args).toEqual(args);
  });

  it('are those of a RESULTS frame', () => {
    const frame = { kind: FrameKind.results, flags: 0, group: 2, count: 3, firstSequence: 8 };
    const body = encodeValue([
      [1, 1, null],
      [2, 'COMMAND_FAILED', 'no'],
    ]);
    expect(Buffer.from(encodeReplyFrame({ ...frame, body })).toString('hex')).toBe(
      Buffer.from(example('results')).toString('hex'),
    );
    expect(decodeReply(example('results'))).toMatchObject({ kind: 'results', values: [1, 1, null] });
  });

  it('are those of short texts apart from other values', () => {
    const values = ['a', 'b', 'cd', 7, 'e', 'f', 'g', null, 'h', 'i'];
    const batch = new ResultBatch();
    for (const value of values) batch.succeed(value);
    expect(Buffer.from(batch.encode(2, 8, 0)).toString('hex')).toBe(
      Buffer.from(example('short-texts')).toString('hex'),
    );
    expect(decodeReply(example('short-texts'))).toMatchObject({ kind: 'results', values });
  });

  it('are those of a REJECTED frame', () => {
    const frame = { kind: FrameKind.rejected, flags: 0, group: 2, count: 3, firstSequence: 8 };
    const body = encodeValue({ code: 'NOT_LEADER', message: 'no', leader: 2 });
    expect(Buffer.from(encodeReplyFrame({ ...frame, body })).toString('hex')).toBe(
      Buffer.from(example('rejected')).toString('hex'),
    );
    expect(decodeReply(example('rejected'))).toMatchObject({
      kind: 'rejected',
      error: { code: 'NOT_LEADER' },
      leader: 2,
    });
  });

  it('are those of subscriptions', () => {
    const after = { origin: 1_700_000_000_000, sequence: 3 };
    const through = { ...after, sequence: 5 };
    const asked = { id: 1, epoch: 0x0102_0304, keys: ['a'], prefixes: ['b/'], after, windowBytes: 65_536 };
    const published = encodeValue([4, after.origin, 'a', 'on']);
    const bytes = {
      subscribe: encodeSubscribe(asked),
      subscribed: encodeSubscribed(2, 1, after),
      events: encodeEvents(2, 1, through, [{ key: 'a', bytes: published }]),
      taken: encodeTaken(1, 16, true),
      ended: encodeEnded(2, 1, 'SUBSCRIPTION_LOST', 'no'),
    };
    for (const [name, encoded] of Object.entries(bytes))
      expect(Buffer.from(encoded).toString('hex')).toBe(Buffer.from(example(name)).toString('hex'));
    expect(decodeSubscriptionRequest(example('subscribe'))).toEqual({ kind: 'subscribe', ...asked });
    expect(decodeSubscriptionRequest(example('taken'))).toEqual({ kind: 'taken', id: 1, bytes: 16, ask: true });
    expect(decodeSubscriptionReply(example('subscribed'))).toEqual({ kind: 'subscribed', id: 1, place: after });
    const event = { sequence: 4, timestampMs: after.origin, key: 'a', value: 'on', bytes: 16 };
    expect(decodeSubscriptionReply(example('events'))).toEqual({ kind: 'events', id: 1, through, events: [event] });
    expect(decodeSubscriptionReply(example('ended'))).toMatchObject({ kind: 'ended', code: 'SUBSCRIPTION_LOST' });
  });

  it('are those of messages between replicas', () => {
    const entry = { index: 9, kind: EntryKind.commands, timestampMs: 1_700_000_000_000, mergePoint: 3 };
    const record = encodeRecord(5, { ...entry, frames: [Uint8Array.of(1, 2)] });
    expect(Buffer.concat(record).toString('hex')).toBe(Buffer.from(example('entry')).toString('hex'));
    const asked = { type: 'vote-request', from: 2, to: 3, term: 5, pre: true, transfer: false } as const;
    const sent = { type: 'append-request', from: 1, to: 3, term: 5, previousIndex: 8, previousTerm: 4 } as const;
    const messages: RaftMessage[] = [
      { ...asked, lastIndex: 8, lastTerm: 4 },
      { ...sent, lastIndex: 9, terms: [[9, 5]], commitIndex: 7, round: 2 },
      { type: 'append-reply', from: 3, to: 1, term: 5, ok: true, index: 9, indexTerm: 0, round: 2, unfit: true },
    ];
    for (const message of messages) {
      const bytes = Buffer.concat(encodeRaftMessage(message, message.type === 'append-request' ? [record] : []));
      expect(bytes.toString('hex')).toBe(Buffer.from(example(message.type)).toString('hex'));
      expect(decodeRaftMessage(example(message.type)).message).toEqual(message);
    }
  });
});
