import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { CommandRouter } from '../../src/client/command-router.js';
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { sameStreams, streamsOf } from '../../src/execution/stream-set.js';
import { EntryKind } from '../../src/ordering/group-log.js';
import { FeedPlan, type PlacedCommand, type PlannedEntry } from '../../src/replica/feed-plan.js';
import type { Service } from '../../src/service/command.js';
import { decodeCommandsFrame } from '../../src/transport/frames.js';
import { EntryBuilder } from '../logs/entry-builder.js';
import type { LogEntry } from '../logs/ordered-logs.js';
import { cutRuns } from './prebuilt-source.js';
import type { ScheduledMessage } from './scheduled-message.js';

/** Hands a message to a worker, 1..K. */
export type Hand = (stream: number, message: ScheduledMessage) => void;

/**
 * sp-smr's scheduler (the sequential delivery of Kotla and Dahlin, DSN 2004): takes one totally ordered log apart. It
 * decodes every command, finds the streams that it touches, and hands it to their workers so that conflicting commands
 * keep the order of the log.
 */
export class Scheduler {
  readonly #router: CommandRouter;
  readonly #plan: FeedPlan;
  readonly #epoch: number;
  readonly #hand: Hand;
  #syncIndex = 0;

  constructor(service: Service, map: PartitionMap, hand: Hand) {
    this.#router = new CommandRouter(service, map);
    this.#plan = new FeedPlan(map.streams, 1);
    this.#epoch = map.epoch;
    this.#hand = hand;
  }

  schedule({ frames }: LogEntry): void {
    for (const frame of frames) {
      for (const { body, count } of decodeCommandsFrame(frame).segments) this.#place(body, count);
    }
    for (const entry of this.#plan.finish()) {
      if (entry.group === 0) this.#handRuns(entry);
      else this.#handEntry(entry);
    }
  }

  #place(body: Uint8Array, count: number): void {
    const { names, indexes, args } = decodeCommandBatch(body, count);
    for (let i = 0; i < count; i++) {
      const name = names[indexes[i] ?? 0] ?? '';
      const { type, mask } = this.#router.route(name, args[i]);
      this.#plan.add({ name, args: args[i], at: i, mask, everyKey: type.everyKey, readOnly: type.readOnly });
    }
  }

  #handEntry({ group, mergePoint, commands }: PlannedEntry): void {
    const [frame = null] = this.#encode(commands);
    this.#hand(group, { kind: 'entry', mergePoint, frame });
  }

  #handRuns({ commands }: PlannedEntry): void {
    const index = ++this.#syncIndex;
    const frames = this.#encode(commands);
    for (const run of cutRuns({ index, kind: EntryKind.commands, timestampMs: 1, mergePoint: 0, frames })) {
      for (const stream of streamsOf(run)) this.#hand(stream, { kind: 'run', run });
    }
  }

  /** One frame for consecutive commands with the same streams: the order between others must stay. */
  #encode(commands: readonly PlacedCommand[]): Uint8Array[] {
    const frames: Uint8Array[] = [];
    const builder = new EntryBuilder(this.#epoch);
    let last: PlacedCommand | null = null;
    for (const command of commands) {
      if (last !== null && !sameDestination(last, command)) frames.push(...builder.take(0).frames);
      const { name, args, mask, everyKey, readOnly } = command;
      builder.add([name, args], { group: 0, mask, everyKey, readOnly });
      last = command;
    }
    frames.push(...builder.take(0).frames);
    return frames;
  }
}

function sameDestination(a: PlacedCommand, b: PlacedCommand): boolean {
  return a.everyKey === b.everyKey && sameStreams(a.mask, b.mask);
}
