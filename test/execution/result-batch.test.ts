import { expect, it } from 'vitest';
import { decodeReply, type Results } from '../../src/client/reply.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { CommandRunner, StreamValues } from '../../src/execution/command-runner.js';
import { CommandTable } from '../../src/execution/command-table.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import { beginRun } from '../../src/execution/rendezvous.js';
import { ResultBatch } from '../../src/execution/result-batch.js';
import { EntryKind } from '../../src/ordering/group-log.js';
import { everyKey } from '../../src/service/command.js';
import { defineService } from '../../src/service/define-service.js';
import { SEGMENT_EVERY_KEY, SEGMENT_READ_ONLY } from '../../src/transport/frames.js';
import { noGuard } from '../simulation/simulated-engine.js';

const MIB = 1 << 20;

it('keeps the codes of errors whose sentences take too much together', () => {
  const batch = new ResultBatch();
  const long = new Error('m'.repeat(MIB));
  for (let at = 0; at < 10_000; at++) batch.fail(long);
  const bytes = batch.encode(1, 1, 0);
  expect(bytes.byteLength).toBeLessThan(40 * MIB);
  const { failures } = decodeReply(bytes) as Results;
  expect(failures).toHaveLength(10_000);
  expect(failures[0]?.error.message).toHaveLength(16_384);
  expect(failures.at(-1)?.error.code).toBe('COMMAND_FAILED');
});

it.each([
  ['errors', () => new Error('m'.repeat(30 * MIB))],
  ['causes of errors', () => new Error('m', { cause: new Error('m'.repeat(30 * MIB)) })],
  ['patterns', () => new RegExp('m'.repeat(30 * MIB))],
])('counts what results hold that are %s', (_, result) => {
  const batch = new ResultBatch();
  const value = result();
  for (let at = 0; at < 10; at++) batch.succeed(value);
  expect(batch.failed).toBe(5);
});

it('hands no long sentences of parts to other streams', () => {
  const service = defineService({
    name: 'parts',
    commands: {
      fail: {
        keys: everyKey,
        readOnly: true,
        partial: (): number => {
          throw new Error('m'.repeat(MIB));
        },
        merge: (parts: readonly unknown[]) => parts.length,
      },
    },
  });
  const map = createPartitionMap({ streams: 2 });
  const sent: Uint8Array[] = [];
  const ports = { send: (_: number, message: Uint8Array) => sent.push(message), receive: () => null };
  const count = 100;
  const body = encodeCommandBatch(['fail'], new Array<number>(count).fill(0), new Array<object>(count).fill({}));
  const part = {
    session: new Uint8Array(16),
    firstSequence: 1,
    firstPosition: 0,
    count,
    frameFlags: 0,
    digest: 0,
    body,
  };
  const run = beginRun(
    {
      ...{
        stream: 2,
        map,
        table: new CommandTable(service),
        values: new StreamValues(map),
        recorder: null,
        exchangeBytes: 1024,
      },
      runner: new CommandRunner(map, 2, noGuard, null),
      ports: ports as never,
    },
    {
      ...{ kind: EntryKind.commands, flags: SEGMENT_EVERY_KEY | SEGMENT_READ_ONLY, low: 3, high: 0 },
      ...{ index: 1, timestampMs: 0, parts: [part] },
    },
  );
  expect(run.advance()).toBe(false);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.byteLength).toBeLessThan(2 * MIB);
});
