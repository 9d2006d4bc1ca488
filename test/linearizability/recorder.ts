/** Records what a client does, as it does it. */
import type { EventType, HistoryEvent } from './history.js';

export interface RecorderOptions {
  /** Takes each event, before `invoke` or the end of it returns. */
  readonly write: (event: HistoryEvent) => void;
  /** ns; by default of this machine's monotonic clock. A simulation gives its own. */
  readonly now?: () => bigint;
  /** Process numbers start here: recorders whose histories will be put together need numbers of their own. */
  readonly firstProcess?: number;
}

/** An operation under way; it ends once. */
export interface Recording {
  ok(value: unknown): void;
  fail(error: string): void;
  /** Nobody knows, or will, what became of it. */
  info(error: string): void;
}

export class Recorder {
  readonly #write: (event: HistoryEvent) => void;
  readonly #now: () => bigint;
  readonly #idle: number[] = [];
  #nextProcess: number;
  #lastTime = 0;

  constructor({ write, now, firstProcess }: RecorderOptions) {
    this.#write = write;
    this.#now = now ?? (() => process.hrtime.bigint());
    this.#nextProcess = firstProcess ?? 0;
  }

  /** Call it before the command is sent. */
  invoke(command: string, value: unknown): Recording {
    const process = this.#idle.pop() ?? this.#nextProcess++;
    this.#record(process, 'invoke', command, value);
    const end = (type: EventType, result: unknown, error?: string): void => {
      this.#record(process, type, command, result, error);
      if (type !== 'info') this.#idle.push(process);
    };
    return {
      ok: (result) => end('ok', result),
      fail: (error) => end('fail', null, error),
      info: (error) => end('info', null, error),
    };
  }

  #record(process: number, type: EventType, command: string, value: unknown, error?: string): void {
    // In one thread there is always a first: two events of one time would count as concurrent.
    const time = Math.max(Number(this.#now()), this.#lastTime + 1);
    this.#lastTime = time;
    const event = { process, type, command, value: value ?? null, time };
    this.#write(error === undefined ? event : { ...event, error });
  }
}
