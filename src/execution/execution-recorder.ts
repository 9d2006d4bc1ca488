import type { PsmrError } from '../errors.js';
import type { PreparedCommand } from './command-table.js';

/** Is told what is executed; nothing that is executed depends on it. */
export interface ExecutionRecorder {
  /** A batch is about to run: its commands by name, and each command's place among the names. */
  batch(named: readonly (PreparedCommand | PsmrError)[], indexes: ArrayLike<number>): void;
  /** One command of several streams is about to run. */
  crossCommand(command: PreparedCommand): void;
  /** How many of the next `count` commands it wants to be told about one by one. */
  takeSamples(count: number): number;
  /** Such a one begins. */
  begin(): void;
  end(command: PreparedCommand): void;
  /** Such a one has a key of this hash. */
  key(hash: number): void;
}
