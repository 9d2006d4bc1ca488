import type { PsmrError } from '../errors.js';
import type { PreparedCommand } from './command-table.js';

/** Is told what is executed; nothing that is executed depends on it. */
export interface ExecutionRecorder {
  /** A batch is about to run: its commands by name, and each command's place among the names. */
  batch(named: readonly (PreparedCommand | PsmrError)[], indexes: ArrayLike<number>): void;
  /** One command of several streams is about to run. */
  crossCommand(command: PreparedCommand): void;
  /** How many commands are to be passed over until the one that it wants to be told about. */
  readonly samples: { skip: number };
  /** That one begins; `samples` says afterwards how far away the next one is. */
  begin(): void;
  end(command: PreparedCommand): void;
  /** It has a key of this hash. */
  key(hash: number): void;
}

/** The recorder, if it wants to be told about the next command. */
export function sampleOf(recorder: ExecutionRecorder | null): ExecutionRecorder | null {
  if (recorder === null || recorder.samples.skip === 0) return recorder;
  recorder.samples.skip--;
  return null;
}
