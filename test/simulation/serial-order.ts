/**
 * One sequential order that respects every stream's log and group 0's: what the result of parallel execution must be
 * equal to. Works from the logs alone and shares no code with the executor but the decoding of frames.
 */
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { streamsOf } from '../../src/execution/stream-set.js';
import { EntryKind, type Entry } from '../../src/ordering/group-log.js';
import { decodeCommandsFrame } from '../../src/transport/frames.js';
import type { ModelCommand } from './model-service.js';

interface Item {
  readonly command: ModelCommand;
  readonly streams: readonly number[];
}

function commandsOf(entry: Entry): Item[] {
  if (entry.kind !== EntryKind.commands) return [];
  return entry.frames.flatMap((bytes) =>
    decodeCommandsFrame(bytes).segments.flatMap((segment) => {
      const { names, indexes, args } = decodeCommandBatch(segment.body, segment.count);
      return args.map((value, at) => ({
        command: [names[indexes[at] ?? 0] ?? '', value as Record<string, unknown>] as const,
        streams: streamsOf(segment),
      }));
    }),
  );
}

/** `logs[0]` is group 0's. */
export function serialOrder(logs: readonly (readonly Entry[])[]): ModelCommand[] {
  const queues = logs.slice(1).map((log, at) => queueOf(at + 1, log, logs[0] ?? []));
  const order: ModelCommand[] = [];
  const heads = queues.map(() => 0);
  for (let moved = true; moved;) {
    moved = false;
    queues.forEach((queue, at) => {
      for (let item = queue[heads[at] ?? 0]; item !== undefined; item = queue[heads[at] ?? 0]) {
        const current = item;
        const ready = current.streams.every((stream) => queues[stream - 1]?.[heads[stream - 1] ?? 0] === current);
        if (!ready) return;
        order.push(current.command);
        for (const stream of current.streams) heads[stream - 1] = (heads[stream - 1] ?? 0) + 1;
        moved = true;
      }
    });
  }
  if (queues.some((queue, at) => heads[at] !== queue.length)) throw new Error('the logs have no common order');
  return order;
}

/** What one stream executes, in order; a cross-stream command is the same object in each of its streams' queues. */
const crossItems = new WeakMap<Entry, Item[]>();

function queueOf(stream: number, log: readonly Entry[], sync: readonly Entry[]): Item[] {
  const queue: Item[] = [];
  let merged = 0;
  for (const entry of log) {
    for (; merged < entry.mergePoint; merged++) {
      const crossEntry = sync[merged];
      if (crossEntry === undefined) throw new Error(`merge point ${entry.mergePoint} names no entry`);
      const items = crossItems.get(crossEntry) ?? commandsOf(crossEntry);
      crossItems.set(crossEntry, items);
      queue.push(...items.filter((item) => item.streams.includes(stream)));
    }
    queue.push(...commandsOf(entry));
  }
  return queue;
}
