/**
 * Executes one stream: the deterministic merge of its own log with group 0's (section 3 of the design; the paper's
 * g_i and g_all). Pure: `step` does one piece of work or says what it waits for, so that the same code runs on a worker
 * thread and, thousands of schedules at a time, in a simulation.
 *
 *   for each entry of the stream's log, in order:
 *     run group 0's commands for this stream after the last merge point, up to this entry's   (invariants I1, I2)
 *     run the entry's own batch
 */
import type { PartitionMap } from '../classifier/partition-map.js';
import { PsmrError } from '../errors.js';
import { EntryKind, type Entry } from '../ordering/group-log.js';
import type { SyncRun } from '../ordering/sync-run.js';
import type { DeterminismGuard } from '../service/determinism-guard.js';
import type { Service } from '../service/command.js';
import { commandCount, decodeCommandsFrame, FLAG_READ_ONLY, type CommandsFrame } from '../transport/frames.js';
import { BatchRunner } from './batch-runner.js';
import { decodeCommandBatch } from './command-batch.js';
import { CommandRunner, StreamValues, type Place } from './command-runner.js';
import { CommandTable } from './command-table.js';
import { EventRing, type EventLimits } from './event-ring.js';
import type { ExecutionRecorder } from './execution-recorder.js';
import { digestOf } from './frame-digest.js';
import { beginRun } from './rendezvous.js';
import type { RunEnvironment, RunInProgress } from './run.js';
import { encodeRejection, ResultBatch } from './result-batch.js';
import { answerAgain } from './repeated-frame.js';
import { hasSession, SessionTable, sessionKeyOf, type SessionLimits } from './session-table.js';
import type { StreamPorts } from './stream-ports.js';

export type StepOutcome =
  | 'progress'
  /** Nothing to do until an entry is committed. */
  | 'idle'
  /** Group 0 has not filled the merge point yet. */
  | 'awaiting-merge'
  /** Another destination has not come to the rendezvous yet. */
  | 'awaiting-rendezvous'
  /** Messages to other streams wait for room. */
  | 'awaiting-room';

export interface StreamExecutorOptions {
  readonly stream: number;
  readonly service: Service;
  readonly map: PartitionMap;
  readonly guard: DeterminismGuard;
  readonly ports: StreamPorts;
  readonly limits: SessionLimits & EventLimits;
  readonly recorder?: ExecutionRecorder | null;
  /** About how much is published at once of a run's values; simulation takes less. */
  readonly exchangeBytes?: number | undefined;
}

const EXCHANGE_BYTES = 64 << 20;

export interface ExecutionCounts {
  commands: number;
  crossCommands: number;
  failedCommands: number;
  unloggedReads: number;
  entries: number;
  frames: number;
  framedCommands: number;
  rendezvous: number;
}

export class StreamExecutor {
  readonly values: StreamValues;
  readonly sessions: SessionTable;
  readonly events: EventRing;
  readonly counts: ExecutionCounts = {
    commands: 0,
    crossCommands: 0,
    failedCommands: 0,
    unloggedReads: 0,
    entries: 0,
    frames: 0,
    framedCommands: 0,
    rendezvous: 0,
  };
  readonly #stream: number;
  readonly #map: PartitionMap;
  readonly #ports: StreamPorts;
  readonly #runner: CommandRunner;
  readonly #table: CommandTable;
  readonly #batches: BatchRunner;
  readonly #environment: RunEnvironment;
  #entry: Entry | null = null;
  #mergePoint = 0;
  #nextFrame = 0;
  #position = 0;
  #run: { readonly run: SyncRun; readonly progress: RunInProgress } | null = null;
  #syncIndex = 0;
  #executedIndex = 0;
  #timestampMs = 0;

  constructor(options: StreamExecutorOptions) {
    this.#stream = options.stream;
    this.#map = options.map;
    this.#ports = options.ports;
    this.#table = new CommandTable(options.service);
    this.events = new EventRing(options.limits);
    this.#runner = new CommandRunner(options.map, options.stream, options.guard, this.events);
    this.values = new StreamValues(options.map);
    const { stream, map, recorder = null, exchangeBytes = EXCHANGE_BYTES } = options;
    this.#batches = new BatchRunner(stream, map, this.#table, this.#runner, this.values, recorder);
    this.sessions = new SessionTable(options.limits);
    this.#environment = {
      stream: options.stream,
      map: options.map,
      table: this.#table,
      runner: this.#runner,
      values: this.values,
      ports: options.ports,
      recorder,
      exchangeBytes,
    };
  }

  /** The stream that a run waits for; 0: none does. */
  get awaitedStream(): number {
    return this.#run?.progress.awaited ?? 0;
  }

  /** Group 0 has been executed here up to this index. */
  get syncIndex(): number {
    return this.#syncIndex;
  }

  /** The newest entry of this stream's log that was executed wholly. */
  get executedIndex(): number {
    return this.#executedIndex;
  }

  /** Group 0's index that must be delivered before this stream can go on; 0: none. */
  get awaitedSyncIndex(): number {
    return this.#entry !== null && this.#mergePoint > this.#syncIndex ? this.#mergePoint : 0;
  }

  /** The stream's time: a function of the logs, so part of every checkpoint. */
  get timestampMs(): number {
    return this.#timestampMs;
  }

  /** Starts from a checkpoint: entries below `nextEntry` and group 0 up to `syncIndex` are in the state already. */
  resumeFrom(nextEntry: number, syncIndex: number, timestampMs: number): void {
    this.#timestampMs = timestampMs;
    this.#executedIndex = nextEntry - 1;
    this.#syncIndex = syncIndex;
    this.#mergePoint = syncIndex;
  }

  step(): StepOutcome {
    if (this.#run !== null) return this.#continueRun();
    if (this.#entry === null) {
      this.#entry = this.#ports.takeEntry();
      if (this.#entry === null) return 'idle';
      // A lower merge point is read as the highest before it.
      this.#mergePoint = Math.max(this.#mergePoint, this.#entry.mergePoint);
      this.#nextFrame = 0;
      this.#position = 0;
    }
    if (this.#syncIndex < this.#mergePoint) return this.#merge(this.#entry);
    return this.#executeNextFrame(this.#entry);
  }

  /** A read-only frame, not logged: the caller has made sure that everything it must see has been executed. */
  executeReads(frame: CommandsFrame, nowMs: number): Uint8Array {
    const place = { group: this.#stream, index: this.#executedIndex, timestampMs: Math.max(nowMs, this.#timestampMs) };
    const results = new ResultBatch();
    for (const segment of frame.segments) {
      this.#executeBody(segment.body, segment.count, place, 0, results, true);
    }
    this.counts.unloggedReads += results.values.length;
    return results.encode(this.#stream, frame.firstSequence, FLAG_READ_ONLY);
  }

  #merge(entry: Entry): StepOutcome {
    // `delivered` before `peekRun`: what was delivered by then can be seen now.
    const delivered = this.#ports.delivered();
    const run = this.#ports.peekRun();
    if (run === null || run.index > this.#mergePoint) {
      // A later run proves that all before it have come; so does group 0's word.
      if (run === null && delivered < this.#mergePoint) return 'awaiting-merge';
      this.#syncIndex = this.#mergePoint;
      return 'progress';
    }
    if (!this.#ports.readyToSend()) return 'awaiting-room';
    this.#ports.dropRun();
    this.#timestampMs = Math.max(this.#timestampMs, run.timestampMs);
    if (run.kind === EntryKind.checkpoint) {
      this.#syncIndex = run.index;
      this.#ports.checkpoint(run.index, entry.index);
      return 'progress';
    }
    this.#run = { run, progress: beginRun(this.#environment, run) };
    this.counts.rendezvous++;
    return this.#continueRun();
  }

  #continueRun(): StepOutcome {
    if (this.#run === null) return 'progress';
    const { run, progress } = this.#run;
    if (!progress.advance()) return 'awaiting-rendezvous';
    this.#run = null;
    this.counts.crossCommands += progress.commands;
    const coordinated = progress.results.length > 0 && progress.results.some((results) => results.values.length > 0);
    if (coordinated) this.#reportRun(run, progress.results);
    return 'progress';
  }

  #reportRun(run: SyncRun, results: readonly ResultBatch[]): void {
    const frames = results.map((batch, part) => {
      this.counts.commands += batch.values.length;
      this.counts.failedCommands += batch.failed;
      const origin = run.parts[part];
      return batch.encode(0, origin?.firstSequence ?? 0, origin?.frameFlags ?? 0);
    });
    this.#ports.syncResults(run, frames);
  }

  #executeNextFrame(entry: Entry): StepOutcome {
    const bytes = entry.frames[this.#nextFrame++];
    this.#timestampMs = Math.max(this.#timestampMs, entry.timestampMs);
    if (bytes !== undefined) this.#executeFrame(entry, decodeCommandsFrame(bytes), bytes);
    if (this.#nextFrame >= entry.frames.length) {
      this.#executedIndex = entry.index;
      this.#entry = null;
      this.counts.entries++;
    }
    return 'progress';
  }

  #executeFrame(entry: Entry, frame: CommandsFrame, bytes: Uint8Array): void {
    const count = commandCount(frame);
    const key = sessionKeyOf(frame.session);
    const digest = hasSession(key) ? digestOf(bytes, frame) : 0;
    const first = frame.firstSequence;
    const position = this.#position;
    this.#position += count;
    if (frame.epoch !== this.#map.epoch) {
      return this.#ports.reply(key, encodeRejection(wrongEpoch(), this.#stream, first, count, 0), digest);
    }
    const admission = this.sessions.admit(key, first, count, frame.acknowledged, entry.timestampMs, digest);
    if (admission === 'admitted') {
      const results = this.#executeSegments(entry, frame, position);
      if (!hasSession(key) && !this.#ports.feedReads) return;
      const reply = results.encode(this.#stream, first, 0);
      this.sessions.record(key, first, count, reply);
      return this.#ports.reply(key, reply, digest);
    }
    for (const reply of answerAgain(this.sessions, admission, this.#stream, key, first, count)) {
      this.#ports.reply(key, reply, digest);
    }
  }

  #executeSegments(entry: Entry, frame: CommandsFrame, firstPosition: number): ResultBatch {
    const place = { group: this.#stream, index: entry.index, timestampMs: this.#timestampMs };
    const results = new ResultBatch();
    for (const { body, count } of frame.segments) {
      this.#executeBody(body, count, place, firstPosition + results.values.length, results, false);
    }
    this.counts.frames++;
    this.counts.framedCommands += results.values.length;
    this.counts.commands += results.values.length;
    this.counts.failedCommands += results.failed;
    return results;
  }

  #executeBody(
    body: Uint8Array,
    count: number,
    place: Place,
    position: number,
    results: ResultBatch,
    readsOnly: boolean,
  ): void {
    let batch;
    try {
      batch = decodeCommandBatch(body, count);
    } catch (error) {
      for (let i = 0; i < count; i++) results.fail(error);
      return;
    }
    this.#batches.run(batch, place, position, results, readsOnly);
  }
}

export function wrongEpoch(): PsmrError {
  return new PsmrError(
    'WRONG_EPOCH',
    'The command was classified with another partition map than the one in force. Fetch the map and send it again.',
  );
}
