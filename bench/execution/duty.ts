import type { SourceEnd } from './stream-source.js';

/** What one thread of a contender that is fed from a log does, piece by piece. */
export interface Duty {
  /** Does a piece of work; 'waiting': it is another thread's turn; otherwise what has come to its end. */
  step(): 'progress' | 'waiting' | SourceEnd;
  readonly counts: { readonly commands: number; readonly failedCommands: number };
  /** What is measured begins: after `loaded`. */
  goOn(): void;
  /** The lap of the measured log that it is in; -1: none, it follows another thread. */
  readonly lap: number;
  /** Go on to the end of that lap, checking results, and then be `finished`. */
  finishAfter(lap: number): void;
  /** The part of the state that is here. */
  state(): Iterable<readonly [key: string, value: unknown]>;
}
