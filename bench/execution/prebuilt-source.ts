import { streamsOf } from '../../src/execution/stream-set.js';
import { EntryKind, type Entry } from '../../src/ordering/group-log.js';
import { RunCutter } from '../../src/ordering/run-cutter.js';
import type { SyncRun } from '../../src/ordering/sync-run.js';
import { commandCount, decodeCommandsFrame } from '../../src/transport/frames.js';
import { LogCursor } from '../logs/log-cursor.js';
import { mergePointInLap, type LogEntry } from '../logs/ordered-logs.js';
import type { SourceEnd, StreamSource } from './stream-source.js';

/** The two logs that one stream executes. */
export interface StreamLogs {
  readonly own: readonly LogEntry[];
  readonly sync: readonly LogEntry[];
}

/** Logs that are all there from the start: first those that fill the state, once, then the measured ones, lap by lap. */
export class PrebuiltSource implements StreamSource {
  readonly #entries: LogCursor<Entry>;
  readonly #runs: LogCursor<SyncRun>;
  #run: SyncRun | null = null;
  #finishing = false;

  constructor(stream: number, load: StreamLogs, measured: StreamLogs) {
    const syncBefore = load.sync.length;
    const lapEntries = measured.own.length;
    const lapSync = measured.sync.length;
    this.#entries = new LogCursor(load.own.map(toEntry), measured.own.map(toEntry), (entry, lap) => ({
      ...entry,
      index: entry.index + load.own.length + lap * lapEntries,
      mergePoint: syncBefore + mergePointInLap(entry.mergePoint, lap, lapSync),
    }));
    this.#runs = new LogCursor(runsFor(stream, load.sync), runsFor(stream, measured.sync), (run, lap) => ({
      ...run,
      index: run.index + syncBefore + lap * lapSync,
    }));
    // Runs are bounded by the merge points of the entries.
    this.#runs.goOn();
  }

  takeEntry(): Entry | null {
    return this.#entries.next();
  }

  peekRun(): SyncRun | null {
    this.#run ??= this.#runs.next();
    return this.#run;
  }

  dropRun(): void {
    this.#run = null;
  }

  get end(): SourceEnd | null {
    if (!this.#entries.ended) return null;
    return this.#finishing ? 'finished' : 'loaded';
  }

  goOn(): void {
    this.#entries.goOn();
  }

  get lap(): number {
    return this.#entries.lap;
  }

  finishAfter(lap: number): void {
    this.#finishing = true;
    this.#entries.finishAfter(lap);
  }
}

function toEntry({ mergePoint, frames }: LogEntry, at: number): Entry {
  return { index: at + 1, kind: EntryKind.commands, timestampMs: 1, mergePoint, frames };
}

function runsFor(stream: number, sync: readonly LogEntry[]): SyncRun[] {
  return sync.flatMap((entry, at) => cutRuns(toEntry(entry, at)).filter((run) => streamsOf(run).includes(stream)));
}

/** A group-0 entry as the runs that its destinations execute. */
export function cutRuns(entry: Entry): readonly SyncRun[] {
  const cutter = new RunCutter(entry);
  for (const bytes of entry.frames) {
    const frame = decodeCommandsFrame(bytes);
    cutter.add(frame, commandCount(frame), 0, true);
  }
  return cutter.finish();
}
