import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { buildLogs } from '../../bench/logs/build-logs.js';
import { mergePointInLap, type OrderedLogs } from '../../bench/logs/ordered-logs.js';
import { routerOf } from '../../bench/logs/route.js';
import type { BenchCommand } from '../../bench/workloads/workload.js';
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { streamsOf } from '../../src/execution/stream-set.js';
import { everyKey, type Service } from '../../src/service/command.js';
import { decodeCommandsFrame, SEGMENT_EVERY_KEY, SEGMENT_READ_ONLY } from '../../src/transport/frames.js';

/** A command carries its number, so that it can be found again in the logs. */
interface Numbered {
  number: number;
  keys: string[];
}

const service: Service = {
  name: 'numbered',
  commands: {
    touch: { keys: (args) => (args as Numbered).keys, execute: () => null },
    look: { keys: (args) => (args as Numbered).keys, readOnly: true, execute: () => null },
    all: { keys: everyKey, partial: () => null, merge: () => null },
  },
};

function build(commands: readonly BenchCommand[], streams: number, batch: number): OrderedLogs {
  const map = createPartitionMap({ streams });
  return buildLogs(commands, routerOf(service, new Classifier(map)), { streams, epoch: map.epoch, batch });
}

function commandOf(name: string, number: number, keys: string[]): BenchCommand {
  return [name, { number, keys } satisfies Numbered];
}

interface Found {
  readonly number: number;
  readonly streams: number[];
}

function entriesOf(logs: OrderedLogs, group: number): Found[][] {
  return (logs.groups[group] ?? []).map(({ frames }) =>
    frames.flatMap((frame) =>
      decodeCommandsFrame(frame).segments.flatMap((segment) =>
        decodeCommandBatch(segment.body, segment.count).args.map((args) => ({
          number: (args as Numbered).number,
          streams: streamsOf(segment),
        })),
      ),
    ),
  );
}

function mergePointsOf(logs: OrderedLogs, stream: number): number[] {
  return (logs.groups[stream] ?? []).map((entry) => entry.mergePoint);
}

/** What one stream executes, by the rule of the design: before each entry, group 0 up to its merge point. */
function executionOf(logs: OrderedLogs, stream: number): number[] {
  const sync = entriesOf(logs, 0);
  const own = entriesOf(logs, stream);
  let merged = 0;
  return own.flatMap((entry, i) => {
    const from = merged;
    merged = Math.max(merged, mergePointsOf(logs, stream)[i] ?? 0);
    const shared = sync.slice(from, merged).flat();
    return [...shared.filter(({ streams }) => streams.includes(stream)), ...entry].map(({ number }) => number);
  });
}

/** Two keys of stream 1 and one of stream 2, of two streams. */
function keysByStream(): { one: string; two: string } {
  const map = createPartitionMap({ streams: 2 });
  const keys = Array.from({ length: 50 }, (_, i) => `key${i}`);
  const of = (stream: number): string => keys.find((key) => map.streamOf(key) === stream) ?? '';
  return { one: of(1), two: of(2) };
}

const { one, two } = keysByStream();

describe('logs', () => {
  const anyCommands = fc
    .array(
      fc.tuple(
        fc.constantFrom('touch', 'look', 'all'),
        fc.array(
          fc.nat(30).map((n) => `key${n}`),
          { minLength: 1, maxLength: 3 },
        ),
      ),
      { maxLength: 80 },
    )
    .map((list) => list.map(([name, keys], number) => commandOf(name, number, keys)));

  test('hold every command once, in its group, and each of its streams executes it once', () => {
    fc.assert(
      fc.property(
        anyCommands,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (commands, streams, batch) => {
          const logs = build(commands, streams, batch);
          const found = logs.groups.flatMap((_, group) => entriesOf(logs, group).flat());
          expect(found.map(({ number }) => number).toSorted((a, b) => a - b)).toEqual([...commands.keys()]);
          expect(logs.commands).toBe(commands.length);
          for (let stream = 1; stream <= streams; stream++) {
            const mine = found.filter((each) => each.streams.includes(stream)).map(({ number }) => number);
            expect(executionOf(logs, stream).toSorted((a, b) => a - b)).toEqual(mine.toSorted((a, b) => a - b));
          }
        },
      ),
    );
  });

  test('keep the order of arrival within a stream, fill entries to the batch, and never lower a merge point', () => {
    fc.assert(
      fc.property(
        anyCommands,
        fc.integer({ min: 2, max: 5 }),
        fc.integer({ min: 1, max: 9 }),
        (commands, streams, batch) => {
          const logs = build(commands, streams, batch);
          for (let stream = 1; stream <= streams; stream++) {
            const own = entriesOf(logs, stream);
            const numbers = own.flat().map(({ number }) => number);
            expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
            for (const entry of own) expect([...Array(batch + 1).keys()]).toContain(entry.length);
            const points = mergePointsOf(logs, stream);
            expect(points).toEqual(points.toSorted((a, b) => a - b));
          }
        },
      ),
    );
  });

  test('an entry names the newest sync entry closed before it that concerns its stream', () => {
    const commands = [
      ...[commandOf('touch', 0, [one]), commandOf('touch', 1, [one, two]), commandOf('touch', 2, [one])],
      ...[commandOf('touch', 3, [two, one]), commandOf('touch', 4, [one])],
    ];
    const logs = build(commands, 2, 2);
    // Numbers 1 and 3 fill sync entry 1 after stream 1 has closed its first batch.
    expect(mergePointsOf(logs, 1)).toEqual([0, 1, 1]);
    expect(executionOf(logs, 1)).toEqual([0, 2, 1, 3, 4]);
    expect(executionOf(logs, 2)).toEqual([1, 3]);
  });

  test('an idle stream follows the sync group with empty entries, one that is not concerned gets none', () => {
    const logs = build([commandOf('touch', 0, [one, two])], 3, 1);
    const concerned = streamsOfKeys(3, [one, two]);
    for (const stream of [1, 2, 3]) {
      const follows = concerned.includes(stream) && concerned.length > 1;
      expect(mergePointsOf(logs, stream)).toEqual(follows ? [1] : entriesOf(logs, stream).map(() => 0));
    }
  });

  test('with one stream everything is single-stream', () => {
    const logs = build([commandOf('touch', 0, [one, two]), commandOf('all', 1, [])], 1, 10);
    expect(logs.groups[0]).toEqual([]);
    expect(
      entriesOf(logs, 1)
        .flat()
        .map(({ number }) => number),
    ).toEqual([0, 1]);
  });

  test('frames carry the epoch, and segments say what they hold', () => {
    const logs = build([commandOf('look', 0, [one]), commandOf('all', 1, [])], 2, 10);
    const frameOf = (group: number): ReturnType<typeof decodeCommandsFrame> =>
      decodeCommandsFrame(logs.groups[group]?.[0]?.frames[0] ?? new Uint8Array());
    expect(frameOf(1).epoch).toBe(createPartitionMap({ streams: 2 }).epoch);
    expect(frameOf(1).segments[0]?.flags).toBe(SEGMENT_READ_ONLY);
    expect(frameOf(0).segments[0]).toMatchObject({ flags: SEGMENT_EVERY_KEY, low: 3, high: 0, count: 1 });
  });

  test('a merge point of a later lap comes after all laps before it', () => {
    expect(mergePointInLap(3, 0, 10)).toBe(3);
    expect(mergePointInLap(0, 2, 10)).toBe(20);
    expect(mergePointInLap(10, 1, 10)).toBe(20);
  });
});

function streamsOfKeys(streams: number, keys: readonly string[]): number[] {
  const map = createPartitionMap({ streams });
  return [...new Set(keys.map((key) => map.streamOf(key)))];
}
