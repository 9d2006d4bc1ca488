/** A user's own log as the order of execution: the engine as a pure execution layer (docs/embedding.md). */
import type { PartitionMap } from '../classifier/partition-map.js';
import { BatchCall, type Outcome } from '../client/call.js';
import { CommandRouter } from '../client/command-router.js';
import { decodeReply } from '../client/reply.js';
import type { GroupLink, GroupLinkHandlers } from '../client/group-link.js';
import type { Limits } from '../config/limits.js';
import { messageOf, PsmrError } from '../errors.js';
import { encodeCommandBatch } from '../execution/command-batch.js';
import { sameStreams, streamsOf } from '../execution/stream-set.js';
import type { ControlBlock } from '../memory/control-block.js';
import { EntryKind } from '../ordering/group-log.js';
import type { Service } from '../service/command.js';
import {
  encodeCommandsFrame,
  SEGMENT_EVERY_KEY,
  SEGMENT_READ_ONLY,
  SESSION_BYTES,
  type Segment,
} from '../transport/frames.js';
import { clientMemoryOf, createClientMemory, type ClientMemory } from './engine-memory.js';
import { encodeFeedEntry, type FeedEntry } from './feed-intake.js';
import { FeedPlan, type PlacedCommand, type PlannedEntry } from './feed-plan.js';
import type { RingClientMemory } from './ring-client.js';

export type FeedCommand = readonly [name: string, args?: unknown];

export interface FeedBatch {
  readonly commands: readonly FeedCommand[];
  /** `ctx.now` of these commands, ms; never decreases (a lower one is raised). Default: that of the last batch, 0 at first. */
  readonly timestampMs?: number;
}

/** A batch of one stream's log. */
export interface StreamBatch extends FeedBatch {
  readonly stream: number;
  /** Group 0 is executed up to this index before the batch; group 0's entries are numbered from 1. */
  readonly mergePoint: number;
}

/**
 * Results come by position: `outcomes[i]` belongs to `commands[i]`. Use either `append` (one totally ordered feed) or
 * `appendStream` and `appendSync` (per-stream logs with merge points) on one feed, not both.
 */
export interface Feed {
  /** Appends a batch of a totally ordered log: the engine classifies it. Equal to executing it one by one. */
  append(batch: FeedBatch): Promise<Outcome[]>;
  /** Appends an entry to one stream's log. An empty batch lets an idle stream follow group 0. */
  appendStream(batch: StreamBatch): Promise<Outcome[]>;
  /** Appends an entry of cross-stream commands to group 0; its streams need entries with merge points to reach it. */
  appendSync(batch: FeedBatch): Promise<Outcome[]>;
  /** The index that group 0's next entry will have. */
  readonly nextSyncIndex: number;
  /** Orders a checkpoint here; `engine.checkpoint()` calls it. */
  orderCheckpoint(): void;
}

export interface FeedHost {
  readonly service: Service;
  readonly map: PartitionMap;
  readonly limits: Limits;
  readonly open: (group: number, handlers: GroupLinkHandlers) => GroupLink;
}

/**
 * Says at once, to all workers, that a feed orders everything, then gives each its ring. A worker learns of its ring
 * when it comes to it; by then another may have announced entries of the feed, which must not count as its own.
 */
export function announceFeed(
  control: ControlBlock,
  groups: number,
  ringBytes: number,
  give: (group: number, memory: RingClientMemory) => void,
): ClientMemory {
  control.setFed();
  const memory = createClientMemory(0, groups, ringBytes);
  for (let group = 0; group < groups; group++) give(group, clientMemoryOf(memory, group));
  return memory;
}

/** Where the results of consecutive commands go. */
interface Expected {
  readonly call: BatchCall;
  readonly slots: readonly number[];
}

const NO_SESSION = new Uint8Array(SESSION_BYTES);

/** One group's ring, with what waits for room in it and for results from it. */
class FeedGroup {
  readonly #link: GroupLink;
  readonly #expected = new Map<number, Expected>();
  #waiting: Uint8Array[] = [];
  #sequence = 1;
  failure: PsmrError | null = null;

  constructor({ open }: FeedHost, group: number) {
    this.#link = open(group, {
      frame: (bytes) => this.#settle(bytes),
      writable: () => this.#flush(),
      lost: (error) => this.#lose(error),
    });
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Reserves sequence numbers for commands whose results go to `slots` of `call`; returns the first. */
  expect(call: BatchCall, slots: readonly number[]): number {
    const first = this.#sequence;
    this.#sequence += slots.length;
    this.#expected.set(first, { call, slots });
    return first;
  }

  send(entry: FeedEntry): void {
    const bytes = encodeFeedEntry(entry);
    if (this.#waiting.length > 0 || !this.#link.send(bytes)) this.#waiting.push(bytes);
  }

  #flush(): void {
    let sent = 0;
    for (const bytes of this.#waiting) {
      if (!this.#link.send(bytes)) break;
      sent++;
    }
    this.#waiting.splice(0, sent);
  }

  #settle(bytes: Uint8Array): void {
    const reply = decodeReply(bytes);
    const expected = this.#expected.get(reply.firstSequence);
    if (expected === undefined) return;
    this.#expected.delete(reply.firstSequence);
    const { call, slots } = expected;
    if (reply.kind === 'rejected') return slots.forEach((slot) => call.fail(slot, reply.error));
    const failed = new Map(reply.failures.map((failure) => [failure.position, failure.error]));
    slots.forEach((slot, position) => {
      const error = failed.get(position);
      if (error === undefined) call.succeed(slot, reply.values[position]);
      else call.fail(slot, error);
    });
  }

  #lose(error: PsmrError): void {
    this.failure = error;
    for (const { call, slots } of this.#expected.values()) slots.forEach((slot) => call.fail(slot, error));
    this.#expected.clear();
    this.#waiting = [];
  }
}

export class EngineFeed implements Feed {
  readonly #host: FeedHost;
  readonly #router: CommandRouter;
  readonly #groups: FeedGroup[];
  readonly #plan: FeedPlan;
  #order: 'total' | 'streams' | null = null;
  #syncIndex = 1;
  #timestampMs = 0;

  constructor(host: FeedHost) {
    this.#host = host;
    this.#router = new CommandRouter(host.service, host.map);
    this.#groups = Array.from({ length: host.map.streams + 1 }, (_, group) => new FeedGroup(host, group));
    this.#plan = new FeedPlan(host.map.streams, 1);
  }

  get nextSyncIndex(): number {
    return this.#order === 'total' ? this.#plan.nextSyncIndex : this.#syncIndex;
  }

  append(batch: FeedBatch): Promise<Outcome[]> {
    return this.#begin('total', batch, (call) => {
      batch.commands.forEach((command, at) => {
        const placed = this.#place(command, at, call);
        if (placed !== null) this.#plan.add(placed);
      });
      this.#send(this.#plan.finish(), call);
    });
  }

  appendStream(batch: StreamBatch): Promise<Outcome[]> {
    const { stream, mergePoint } = batch;
    this.#checkStream(stream, mergePoint);
    return this.#begin('streams', batch, (call) => {
      const commands = this.#placeAll(batch, call, (placed) => {
        const streams = streamsOf(placed.mask);
        if (streams.length === 1 && streams[0] === stream) return null;
        const [owner] = streams;
        if (streams.length === 1) return `belongs to stream ${owner ?? 0}, not to stream ${stream}`;
        return `belongs to streams ${streams.join(', ')}, and so into the log of group 0: give it to appendSync`;
      });
      this.#send([{ group: stream, mergePoint, commands }], call);
    });
  }

  appendSync(batch: FeedBatch): Promise<Outcome[]> {
    return this.#begin('streams', batch, (call) => {
      const commands = this.#placeAll(batch, call, (placed) =>
        streamsOf(placed.mask).length > 1 ? null : 'touches one stream: append it there with appendStream',
      );
      this.#send([{ group: 0, mergePoint: 0, commands }], call);
      this.#syncIndex++;
    });
  }

  orderCheckpoint(): void {
    if (this.#order === 'streams') {
      throw new PsmrError(
        'NOT_SUPPORTED',
        'A checkpoint needs merge points in every stream: with appendStream and appendSync the log is yours to cut. ' +
          'Use append, or keep the log.',
      );
    }
    this.#order = 'total';
    const none = new BatchCall(0, () => undefined);
    this.#send(this.#plan.closeBeforeSyncEntry(), none);
    const timestampMs = this.#timestampMs;
    this.#groups[0]?.send({ kind: EntryKind.checkpoint, mergePoint: 0, timestampMs, frame: null });
    this.#send(this.#plan.finish(), none);
  }

  #begin(order: 'total' | 'streams', batch: FeedBatch, send: (call: BatchCall) => void): Promise<Outcome[]> {
    const failure = this.#groups.find((group) => group.failure !== null)?.failure;
    if (failure !== null && failure !== undefined) return Promise.reject(failure);
    if (this.#order !== null && this.#order !== order) return Promise.reject(mixedOrders());
    const waiting = this.#groups.reduce((sum, group) => sum + group.waiting, 0);
    if (waiting > this.#host.limits.outstandingMax) return Promise.reject(tooFarAhead());
    const fault = faultOfBatch(batch);
    if (fault !== null) return Promise.reject(new PsmrError('INVALID_ARGUMENT', fault));
    this.#order = order;
    this.#timestampMs = Math.max(this.#timestampMs, batch.timestampMs ?? 0);
    return new Promise((resolve) => send(new BatchCall(batch.commands.length, resolve)));
  }

  /** Classifies a command; one that cannot be is its slot's error, and no part of the log. */
  #place([name, args]: FeedCommand, at: number, call: BatchCall): PlacedCommand | null {
    try {
      const { type, mask } = this.#router.route(name, args);
      return { name, args, at, mask: { ...mask }, everyKey: type.everyKey, readOnly: type.readOnly };
    } catch (error) {
      call.fail(at, error instanceof PsmrError ? error : new PsmrError('INVALID_ARGUMENTS', messageOf(error)));
      return null;
    }
  }

  #placeAll(batch: FeedBatch, call: BatchCall, wrong: (placed: PlacedCommand) => string | null): PlacedCommand[] {
    const commands: PlacedCommand[] = [];
    batch.commands.forEach((command, at) => {
      const placed = this.#place(command, at, call);
      const fault = placed === null ? null : wrong(placed);
      if (fault !== null) call.fail(at, new PsmrError('WRONG_STREAM', `Command '${command[0]}' ${fault}.`));
      else if (placed !== null) commands.push(placed);
    });
    return commands;
  }

  #send(entries: readonly PlannedEntry[], call: BatchCall): void {
    for (const { group, mergePoint, commands } of entries) {
      const frame = commands.length === 0 ? null : this.#encode(group, commands, call);
      this.#groups[group]?.send({ kind: EntryKind.commands, mergePoint, timestampMs: this.#timestampMs, frame });
    }
  }

  #encode(group: number, commands: readonly PlacedCommand[], call: BatchCall): Uint8Array {
    const segments: Segment[] = [];
    let firstSequence = 0;
    for (const run of group === 0 ? sameDestinations(commands) : [commands]) {
      const first =
        this.#groups[group]?.expect(
          call,
          run.map((command) => command.at),
        ) ?? 0;
      firstSequence ||= first;
      segments.push(encodeSegment(group, run));
    }
    const { epoch } = this.#host.map;
    return encodeCommandsFrame({ flags: 0, epoch, session: NO_SESSION, firstSequence, acknowledged: 0, segments });
  }

  #checkStream(stream: number, mergePoint: number): void {
    if (!Number.isInteger(stream) || stream < 1 || stream > this.#host.map.streams)
      throw new PsmrError('INVALID_ARGUMENT', `stream is ${stream}; this engine has 1 to ${this.#host.map.streams}.`);
    if (!Number.isSafeInteger(mergePoint) || mergePoint < 0)
      throw new PsmrError('INVALID_ARGUMENT', `mergePoint is ${mergePoint}; it is a group-0 index, 0 or more.`);
  }
}

/** Consecutive commands with the same destinations and kind: in group 0's log each such run is answered by itself. */
function sameDestinations(commands: readonly PlacedCommand[]): PlacedCommand[][] {
  const runs: PlacedCommand[][] = [];
  for (const command of commands) {
    const last = runs.at(-1)?.[0];
    const same = last !== undefined && sameStreams(last.mask, command.mask) && last.everyKey === command.everyKey;
    if (same) runs.at(-1)?.push(command);
    else runs.push([command]);
  }
  return runs;
}

function encodeSegment(group: number, commands: readonly PlacedCommand[]): Segment {
  const names = [...new Set(commands.map((command) => command.name))];
  const places = new Map(names.map((name, place) => [name, place]));
  const first = commands[0] as PlacedCommand;
  const readOnly = commands.every((command) => command.readOnly);
  return {
    ...first.mask,
    flags: (first.everyKey && group === 0 ? SEGMENT_EVERY_KEY : 0) | (readOnly ? SEGMENT_READ_ONLY : 0),
    count: commands.length,
    body: encodeCommandBatch(
      names,
      commands.map((command) => places.get(command.name) ?? 0),
      commands.map((command) => command.args),
    ),
  };
}

/** What makes a batch unusable; nothing of it may be planned then. Commands that are only wrong fail one by one. */
function faultOfBatch({ commands, timestampMs }: FeedBatch): string | null {
  if (!Array.isArray(commands)) return 'commands is no list; append { commands: [[name, arguments], ...] }.';
  const odd = commands.findIndex((command) => !Array.isArray(command));
  if (odd !== -1) return `commands[${odd}] is no list; a command is [name, arguments].`;
  if (timestampMs === undefined || Number.isFinite(timestampMs)) return null;
  return `timestampMs is ${String(timestampMs)}; it is a number of milliseconds since 1970.`;
}

function mixedOrders(): PsmrError {
  return new PsmrError(
    'FEED_ORDER',
    'A feed is either totally ordered (append) or per stream (appendStream, appendSync): this one has begun the other way.',
  );
}

function tooFarAhead(): PsmrError {
  return new PsmrError(
    'OVERLOADED',
    'The feed is ahead of execution by more entries than limits.outstandingMax. Await results before appending more.',
  );
}
