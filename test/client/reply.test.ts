import { expect, it } from 'vitest';
import { decodeReply } from '../../src/client/reply.js';
import { encodeValue } from '../../src/execution/command-batch.js';
import { encodeReplyFrame, FrameKind } from '../../src/transport/frames.js';

function rejection(body: unknown): Uint8Array {
  const frame = { kind: FrameKind.rejected, flags: 0, group: 1, count: 1, firstSequence: 1 };
  return encodeReplyFrame({ ...frame, body: encodeValue(body) });
}

it.each<[body: unknown, leader: number]>([
  [{ code: 'NOT_LEADER', message: 'no', leader: 3 }, 3],
  [{ code: 'NOT_LEADER', message: 'no' }, 0],
  [['NOT_LEADER', 'no'], 0],
])('reads the leader that a refusal names: %j', (body, leader) => {
  expect(decodeReply(rejection(body))).toMatchObject({
    kind: 'rejected',
    error: { code: 'NOT_LEADER', message: 'no' },
    leader,
  });
});

it('says why an error has no sentence', () => {
  const frame = { kind: FrameKind.results, flags: 0, group: 1, count: 1, firstSequence: 1 };
  const bytes = encodeReplyFrame({ ...frame, body: encodeValue([[null], [0, 'COMMAND_FAILED', '']]) });
  expect(decodeReply(bytes)).toMatchObject({
    failures: [{ error: { code: 'COMMAND_FAILED', message: expect.stringMatching(/the code is left/) as string } }],
  });
});

it.each([
  null,
  'no',
  ['NOT_LEADER'],
  {},
  { code: 'NOT_LEADER', message: 'no', leader: -1 },
  { code: 1, message: 'no' },
])('refuses a refusal that is none: %j', (body) => {
  expect(() => decodeReply(rejection(body))).toThrow(expect.objectContaining({ code: 'BAD_FRAME' }));
});
