import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../src/client/call.js';
import { FRAME_COMMANDS_MAX } from '../../src/client/frame-builder.js';
import type { PsmrError } from '../../src/errors.js';
import { commandCount, FLAG_READ_ONLY, SEGMENT_READ_ONLY } from '../../src/transport/frames.js';
import { createModel, GROUPS, passTime } from './model-client.js';
import { NO_FAULTS } from './model-server.js';

/** The codes of what went wrong, or 'ok'. */
function codes(outcomes: readonly Outcome[]): string[] {
  return outcomes.map((outcome) => (outcome.ok ? 'ok' : outcome.error.code));
}

/** Numbers whose commands the model sends to the group. */
function idsOf(group: number, count: number): number[] {
  return Array.from({ length: count }, (_, i) => i * GROUPS + ((group - 1 + GROUPS) % GROUPS));
}

function writes(ids: readonly number[]): (readonly [string, number])[] {
  return ids.map((id) => ['write', id] as const);
}

describe('the client', () => {
  it('sends what is submitted in one turn as one frame per group', async () => {
    const { clock, server, client } = createModel(1);
    const calls = [0, 1, 2, 3, 4, 5].map((id) => client.execute('write', id));
    await passTime(clock, 1_000);
    expect(await Promise.all(calls)).toEqual([0, 1, 2, 3, 4, 5].map((id) => [id, (id + 1) % GROUPS]));
    expect(server.frames.map(commandCount)).toEqual([2, 2, 2]);
  });

  it('fails what is no command of a batch alone, and takes nothing but a list for a batch', async () => {
    const { clock, client } = createModel(1);
    const wrong = [['write', 0], 5, ['write', 1], null] as unknown as (readonly [string, number])[];
    const outcomes = client.executeBatch(wrong);
    await passTime(clock, 1_000);
    expect(codes(await outcomes)).toEqual(['ok', 'INVALID_ARGUMENTS', 'ok', 'INVALID_ARGUMENTS']);
    for (const none of ['write', undefined, new Set(wrong)])
      await expect(client.executeBatch(none as unknown as [])).rejects.toMatchObject({ code: 'INVALID_ARGUMENTS' });
    expect(client.outstanding).toBe(0);
  });

  it('numbers logged commands without gaps, and acknowledges what was answered', async () => {
    const { clock, server, client } = createModel(2);
    for (let round = 0; round < 3; round++) {
      void client.executeBatch(writes(idsOf(1, 5)));
      await passTime(clock, 10_000);
    }
    expect(server.frames.map((frame) => [frame.firstSequence, frame.acknowledged])).toEqual([
      [1, 0],
      [6, 5],
      [11, 10],
    ]);
  });

  it('marks frames of reads alone, and numbers them apart', async () => {
    const { clock, server, client } = createModel(3);
    const [a = 0, b = 0] = idsOf(1, 2);
    for (const batch of [
      [['read', a]],
      [['write', a]],
      [
        ['read', a],
        ['write', b],
      ],
      [['read', b]],
    ] as const) {
      void client.executeBatch(batch);
      await passTime(clock, 10_000);
    }
    expect(server.frames.map((frame) => [frame.flags, frame.firstSequence])).toEqual([
      [FLAG_READ_ONLY, 1],
      [0, 1],
      [0, 2],
      [FLAG_READ_ONLY, 2],
    ]);
    expect(server.frames.map((frame) => frame.segments[0]?.flags)).toEqual([
      SEGMENT_READ_ONLY,
      0,
      0,
      SEGMENT_READ_ONLY,
    ]);
  });

  it('gathers commands into larger frames while earlier ones are unanswered', async () => {
    const { clock, server, client } = createModel(4, { framesInFlightMax: 2 });
    for (const id of idsOf(1, 200)) clock.after(id / 100, () => void client.execute('write', id));
    await passTime(clock, 10_000);
    expect(client.outstanding).toBe(0);
    expect(server.frames.length).toBeLessThan(20);
    expect(Math.max(...server.frames.map(commandCount))).toBeGreaterThan(20);
  });

  it('cuts a large batch into frames that keep to the limits', async () => {
    const { clock, server, client } = createModel(5);
    const call = client.executeBatch(writes(idsOf(1, 10_000)));
    await passTime(clock, 10_000);
    expect(new Set(codes(await call))).toEqual(new Set(['ok']));
    expect(Math.max(...server.frames.map(commandCount))).toBeLessThanOrEqual(FRAME_COMMANDS_MAX);
  });

  it('fails a command that is too large or cannot be encoded, and sends the others', async () => {
    const { clock, server, client } = createModel(6, { commandBytesMax: 100 });
    const call = client.executeBatch([
      ['write', [1, 'fine']],
      ['write', [4, new Uint8Array(101)]],
      ['write', [7, 'fine']],
      ['write', [10, Symbol('no')]],
      ['write', [16, 'x'.repeat(70)]],
      ['write', [19, 'x'.repeat(70)]],
    ]);
    await passTime(clock, 10_000);
    expect(codes(await call)).toEqual(['ok', 'COMMAND_TOO_LARGE', 'ok', 'VALUE_NOT_ENCODABLE', 'ok', 'ok']);
    for (const { segments } of server.frames) expect(segments[0]?.body.byteLength).toBeLessThanOrEqual(100);
  });

  it('refuses more commands than may be outstanding, at once', async () => {
    const { clock, client } = createModel(7, { outstandingMax: 3 });
    const call = client.executeBatch(writes([1, 2, 3, 4, 5]));
    expect(client.outstanding).toBe(3);
    await passTime(clock, 10_000);
    expect(codes(await call)).toEqual(['ok', 'ok', 'ok', 'OVERLOADED', 'OVERLOADED']);
    const next = client.executeBatch(writes([6]));
    await passTime(clock, 20_000);
    expect(codes(await next)).toEqual(['ok']);
  });

  it('resolves an empty batch', async () => {
    expect(await createModel(8).client.executeBatch([])).toEqual([]);
  });

  it('fails a command that its service does not have', async () => {
    const { client } = createModel(9);
    await expect(client.execute('none', 1)).rejects.toMatchObject({ code: 'UNKNOWN_COMMAND' });
    expect(client.outstanding).toBe(0);
  });

  it('says OVERLOADED where the server never had room', async () => {
    const { clock, server, client } = createModel(10, { requestTimeoutMs: 500 });
    server.faults = { ...NO_FAULTS, overloaded: 1 };
    const call = client.executeBatch([
      ['write', 0],
      ['read', 0],
    ]);
    const read = client.executeBatch([['read', 1]]);
    await passTime(clock, 10_000);
    expect(codes([...(await call), ...(await read)])).toEqual(['OVERLOADED', 'OVERLOADED', 'OVERLOADED']);
    expect(server.executions.size).toBe(0);
  });

  it('asks seldom where the server has no room', async () => {
    const { clock, server, client } = createModel(11, { requestTimeoutMs: 10_000 });
    server.faults = { ...NO_FAULTS, overloaded: 1 };
    void client.executeBatch(writes([0]));
    await passTime(clock, 9_000);
    expect(server.frames.length).toBeGreaterThan(10);
    expect(server.frames.length).toBeLessThan(60);
  });

  it('fails commands where the server refuses a map and names it as its own', async () => {
    const { clock, server, client } = createModel(12);
    server.epoch = 2;
    const learned = client.executeBatch(writes([1]));
    await passTime(clock, 5_000);
    expect(codes(await learned)).toEqual(['ok']);
    server.epoch = 3;
    server.learnedEpoch = 2;
    const refused = client.executeBatch(writes([1]));
    await passTime(clock, 60_000);
    expect(codes(await refused)).toEqual(['WRONG_EPOCH']);
  });

  it('fails everything, and whatever comes later, where no link can help any more', async () => {
    const { clock, server, client } = createModel(13);
    const call = client.executeBatch(writes([1, 2, 3]));
    clock.after(0.5, () => server.end('ENGINE_FAILED'));
    await passTime(clock, 10_000);
    expect(codes(await call)).toEqual(['ENGINE_FAILED', 'ENGINE_FAILED', 'ENGINE_FAILED']);
    const later = client.execute('write', 4).catch((error: unknown) => error as PsmrError);
    expect(await later).toMatchObject({ code: 'ENGINE_FAILED' });
  });
});
