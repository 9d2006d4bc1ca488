import { streamsOf } from '../../src/execution/stream-set.js';
import type { StreamPorts } from '../../src/execution/stream-ports.js';
import { EntryKind, type Entry } from '../../src/ordering/group-log.js';
import { RunCutter } from '../../src/ordering/run-cutter.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';
import type { ExchangeLinks } from '../../src/replica/stream-links.js';
import { commandCount, decodeCommandsFrame } from '../../src/transport/frames.js';
import { mergePointInLap, type LogEntry } from '../logs/ordered-logs.js';

/** The two logs that one stream executes. */
export interface StreamLogs {
  readonly own: readonly LogEntry[];
  readonly sync: readonly LogEntry[];
}

/**
 * What a stream's execution needs of the world when its logs are all there from the start: first the logs that fill the
 * state, once, then the measured ones, over and over. Rendezvous are as in the engine; results are encoded and dropped.
 */
export class LogPorts implements StreamPorts {
  readonly feedReads = false;
  readonly #exchange: ExchangeLinks;
  readonly #entries: LogCursor<Entry>;
  readonly #runs: LogCursor<SyncRun>;
  #run: SyncRun | null = null;

  constructor(stream: number, load: StreamLogs, measured: StreamLogs, exchange: ExchangeLinks) {
    this.#exchange = exchange;
    this.#entries = new LogCursor(
      load.own.map((entry, at) => toEntry(entry, at)),
      measured.own.map((entry, at) => toEntry(entry, at)),
      load.own.length,
      measured.own.length,
      (entry, indexes, lap) => ({
        ...entry,
        index: entry.index + indexes,
        mergePoint:
          lap < 0 ? entry.mergePoint : load.sync.length + mergePointInLap(entry.mergePoint, lap, measured.sync.length),
      }),
    );
    this.#runs = new LogCursor(
      runsFor(stream, load.sync),
      runsFor(stream, measured.sync),
      load.sync.length,
      measured.sync.length,
      (run, indexes) => ({ ...run, index: run.index + indexes }),
    );
  }

  /** The logs that fill the state have been taken. */
  get loaded(): boolean {
    return this.#entries.loaded;
  }

  takeEntry(): Entry | null {
    return this.#entries.next();
  }

  delivered(): number {
    return Number.MAX_SAFE_INTEGER;
  }

  peekRun(): SyncRun | null {
    this.#run ??= this.#runs.next();
    return this.#run;
  }

  dropRun(): void {
    this.#run = null;
  }

  readyToSend(): boolean {
    this.#exchange.flush();
    return this.#exchange.clear;
  }

  send(stream: number, message: Uint8Array): void {
    this.#exchange.send(stream, message);
  }

  receive(stream: number): Uint8Array | null {
    return this.#exchange.receive(stream);
  }

  reply(): void {
    // Nobody waits: the execution layer alone is measured.
  }

  syncResults(): void {
    // As reply.
  }

  checkpoint(): void {
    throw new Error('broken invariant: a prebuilt log has no checkpoints');
  }
}

/** Items of the first list once, then of the second again and again, with indexes that go on rising. */
class LogCursor<T> {
  readonly #load: readonly T[];
  readonly #lap: readonly T[];
  readonly #loadIndexes: number;
  readonly #lapIndexes: number;
  readonly #place: (item: T, indexes: number, lap: number) => T;
  #laps = -1;
  #at = 0;

  constructor(
    load: readonly T[],
    lap: readonly T[],
    loadIndexes: number,
    lapIndexes: number,
    place: (item: T, indexes: number, lap: number) => T,
  ) {
    this.#load = load;
    this.#lap = lap;
    this.#loadIndexes = loadIndexes;
    this.#lapIndexes = lapIndexes;
    this.#place = place;
  }

  get loaded(): boolean {
    return this.#laps >= 0 || this.#at >= this.#load.length;
  }

  next(): T | null {
    const items = this.#laps < 0 ? this.#load : this.#lap;
    const item = items[this.#at];
    if (item !== undefined) {
      this.#at++;
      const before = this.#laps < 0 ? 0 : this.#loadIndexes + this.#laps * this.#lapIndexes;
      return this.#place(item, before, this.#laps);
    }
    if (this.#lap.length === 0) return null;
    this.#laps++;
    this.#at = 0;
    return this.next();
  }
}

function toEntry({ mergePoint, frames }: LogEntry, at: number): Entry {
  return { index: at + 1, kind: EntryKind.commands, timestampMs: 1, mergePoint, frames };
}

function runsFor(stream: number, sync: readonly LogEntry[]): SyncRun[] {
  return sync.flatMap((entry, at) => {
    const cutter = new RunCutter(toEntry(entry, at));
    for (const bytes of entry.frames) {
      const frame = decodeCommandsFrame(bytes);
      cutter.add(frame, commandCount(frame), true);
    }
    return cutter.finish().filter((run) => streamsOf(run).includes(stream));
  });
}
