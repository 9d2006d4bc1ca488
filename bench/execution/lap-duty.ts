import { LogCursor } from '../logs/log-cursor.js';
import type { LogEntry } from '../logs/ordered-logs.js';
import type { Duty } from './duty.js';
import type { SourceEnd } from './stream-source.js';

/** The one ordered log that a thread reads by itself. */
export interface OrderedLog {
  readonly load: readonly LogEntry[];
  readonly measured: readonly LogEntry[];
}

/** A thread that takes entry after entry of one ordered log, lap by lap. */
export abstract class LapDuty implements Duty {
  readonly counts = { commands: 0, failedCommands: 0 };
  readonly #cursor: LogCursor<LogEntry>;
  #finishing = false;

  constructor({ load, measured }: OrderedLog) {
    this.#cursor = new LogCursor(load, measured);
  }

  protected abstract execute(entry: LogEntry): void;
  abstract state(): Iterable<readonly [string, unknown]>;

  step(): 'progress' | 'waiting' | SourceEnd {
    const entry = this.#cursor.next();
    if (entry !== null) {
      this.execute(entry);
      return 'progress';
    }
    if (!this.#cursor.ended) return 'waiting';
    return this.#finishing ? 'finished' : 'loaded';
  }

  goOn(): void {
    this.#cursor.goOn();
  }

  get lap(): number {
    return this.#cursor.lap;
  }

  finishAfter(lap: number): void {
    this.#finishing = true;
    this.#cursor.finishAfter(lap);
  }
}
