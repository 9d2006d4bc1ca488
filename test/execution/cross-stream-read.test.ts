/** Reads of several streams: nothing behind one is answered before all of its streams have come to it. */
import { expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { DEFAULT_LIMITS } from '../../src/config/limits.js';
import { encodeCommandBatch } from '../../src/execution/command-batch.js';
import { StreamExecutor } from '../../src/execution/stream-executor.js';
import { EntryKind, type Entry } from '../../src/ordering/group-log.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';
import { encodeCommandsFrame, SEGMENT_EVERY_KEY, SEGMENT_READ_ONLY } from '../../src/transport/frames.js';
import { service } from '../simulation/list-service.js';
import type { ModelCommand } from '../simulation/model-service.js';
import { noGuard } from '../simulation/simulated-engine.js';

const STREAMS = 3;
const map = createPartitionMap({ streams: STREAMS, partitioning: {} });
const router = new CommandRouter(service, map);

function keyOf(stream: number): string {
  for (let at = 0; ; at++) if (router.route('marks', { key: `k${at}` }).group === stream) return `k${at}`;
}

function segmentOf([name, args]: ModelCommand) {
  const { mask, type } = router.route(name, args);
  const flags = (type.readOnly ? SEGMENT_READ_ONLY : 0) | (type.everyKey ? SEGMENT_EVERY_KEY : 0);
  return { ...mask, flags, count: 1, body: encodeCommandBatch([name], [0], [args]) };
}

/** One stream, one entry in its log: a write behind the run. */
class Stream {
  readonly replies: Uint8Array[] = [];
  readonly inbox: Uint8Array[][] = Array.from({ length: STREAMS + 1 }, () => []);
  readonly executor: StreamExecutor;

  constructor(stream: number, run: SyncRun, streams: readonly Stream[]) {
    const runs = [run];
    const entries = [entryOf(stream)];
    this.executor = new StreamExecutor({
      ...{ stream, service, map, guard: noGuard, limits: DEFAULT_LIMITS },
      ports: {
        takeEntry: () => entries.shift() ?? null,
        delivered: () => 1,
        peekRun: () => runs[0] ?? null,
        dropRun: () => void runs.shift(),
        readyToSend: () => true,
        send: (to, message) => streams[to - 1]?.inbox[stream]?.push(message),
        receive: (from) => this.inbox[from]?.shift() ?? null,
        feedReads: false,
        reply: (_session, reply) => this.replies.push(reply),
        syncResults: () => undefined,
        checkpoint: () => undefined,
      },
    });
  }

  goOn(): string {
    for (;;) {
      const outcome = this.executor.step();
      if (outcome !== 'progress') return outcome;
    }
  }
}

function entryOf(stream: number): Entry {
  const segment = segmentOf(['mark', { key: keyOf(stream), id: stream }]);
  const session = new Uint8Array(16).fill(stream);
  const frame = { flags: 0, epoch: map.epoch, session, firstSequence: 1, acknowledged: 0, segments: [segment] };
  return { index: 1, kind: EntryKind.commands, mergePoint: 1, timestampMs: 0, frames: [encodeCommandsFrame(frame)] };
}

const read: ModelCommand = ['marksOf', { keys: [1, 2, 3].map(keyOf) }];
const write: ModelCommand = ['markAll', { keys: [1, 2, 3].map(keyOf), id: 9 }];
const readEvery: ModelCommand = ['marksEvery', {}];
const writeEvery: ModelCommand = ['markEvery', { id: 9 }];

it.each([
  ['that reads', read],
  ['that writes', write],
  ['that reads every key', readEvery],
  ['that writes every key', writeEvery],
])('no stream answers what is behind a command %s before all have come to it', (_what, command) => {
  const { low, high, flags, count, body } = segmentOf(command);
  const part = {
    session: new Uint8Array(16),
    firstSequence: 1,
    firstPosition: 0,
    count,
    frameFlags: 0,
    digest: 0,
    body,
  };
  const run: SyncRun = { kind: EntryKind.commands, flags, low, high, index: 1, timestampMs: 0, parts: [part] };
  for (const last of [1, 2, 3]) {
    const streams: Stream[] = [];
    for (let stream = 1; stream <= STREAMS; stream++) streams.push(new Stream(stream, run, streams));
    const early = streams.filter((_, at) => at + 1 !== last);
    for (let turn = 0; turn < 2; turn++)
      expect(early.map((stream) => stream.goOn())).toEqual(['awaiting-rendezvous', 'awaiting-rendezvous']);
    expect(early.flatMap(({ replies }) => replies)).toEqual([]);
    streams[last - 1]?.goOn();
    expect(streams.map((stream) => stream.goOn())).toEqual(['idle', 'idle', 'idle']);
    expect(streams.map(({ replies }) => replies.length)).toEqual([1, 1, 1]);
  }
});
