import { describe, expect, test } from 'vitest';
import type { ScheduledMessage } from '../../bench/execution/scheduled-message.js';
import { decodeScheduled, encodeScheduled } from '../../bench/execution/scheduled-message.js';
import { Scheduler } from '../../bench/execution/scheduler.js';
import { buildLogs } from '../../bench/logs/build-logs.js';
import { routerOf } from '../../bench/logs/route.js';
import bank from '../../bench/services/bank.js';
import type { BenchCommand } from '../../bench/workloads/workload.js';
import { Classifier } from '../../src/classifier/classify.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { asService } from '../../src/service/define-service.js';
import { decodeCommandsFrame } from '../../src/transport/frames.js';

const service = asService(bank);
const map = createPartitionMap({ streams: 3 });

/** The first account that lives in a stream. */
function accountIn(stream: number): string {
  for (let i = 0; ; i++) if (map.streamOf(`a${i}`) === stream) return `a${i}`;
}

const [one, two, three] = [accountIn(1), accountIn(2), accountIn(3)];
const deposit = (account: string, amount: number): BenchCommand => ['deposit', { account, amount }];
const transfer = (from: string, to: string): BenchCommand => ['transfer', { from, to, amount: 1 }];

/** What each worker is handed for one entry of the log, in words. */
function handed(commands: readonly BenchCommand[]): Record<number, string[]> {
  const single = createPartitionMap({ streams: 1 });
  const shape = { streams: 1, epoch: single.epoch, batch: commands.length };
  const [entry] = buildLogs(commands, routerOf(service, new Classifier(single)), shape).groups[1] ?? [];
  if (entry === undefined) throw new Error('no entry');
  const told: Record<number, string[]> = { 1: [], 2: [], 3: [] };
  const scheduler = new Scheduler(service, map, (stream, message) => {
    told[stream]?.push(inWords(decodeScheduled(encodeScheduled(message))));
  });
  scheduler.schedule(entry);
  return told;
}

function inWords(message: ScheduledMessage): string {
  if (message.kind === 'run') return `run ${message.run.index}: ${message.run.parts.map(namesOf).join(' ')}`;
  if (message.kind !== 'entry') return message.kind;
  const names = message.frame === null ? 'nothing' : decodeCommandsFrame(message.frame).segments.map(namesOf).join(' ');
  return `after ${message.mergePoint}: ${names}`;
}

function namesOf({ body, count }: { body: Uint8Array; count: number }): string {
  const { names, indexes } = decodeCommandBatch(body, count);
  return Array.from(indexes, (index) => names[index]).join(' ');
}

describe('the scheduler of sp-smr', () => {
  test('hands each worker its own commands, in the order of the log', () => {
    expect(handed([deposit(one, 1), deposit(two, 2), ['balance', { account: one }]])).toEqual({
      1: ['after 0: deposit balance'],
      2: ['after 0: deposit'],
      3: [],
    });
  });

  test('puts a cross-stream command between the commands before and after it, in its streams only', () => {
    const told = handed([deposit(one, 1), deposit(three, 1), transfer(one, two), deposit(one, 1), deposit(three, 1)]);
    expect(told).toEqual({
      1: ['after 0: deposit', 'run 1: transfer', 'after 1: deposit'],
      2: ['run 1: transfer', 'after 1: nothing'],
      3: ['after 0: deposit deposit'],
    });
  });

  test('lets neighbouring cross-stream commands of the same streams meet once', () => {
    expect(handed([transfer(one, two), transfer(two, one), transfer(two, three)])).toEqual({
      1: ['run 1: transfer transfer', 'after 1: nothing'],
      2: ['run 1: transfer transfer', 'run 1: transfer', 'after 1: nothing'],
      3: ['run 1: transfer', 'after 1: nothing'],
    });
  });
});
