import type { EnginePort } from '../../src/replica/engine-port.js';

/** What clients in this process send their commands to. */
export interface Target {
  /** Resolves with a port for each client. */
  start(clients: number): Promise<readonly EnginePort[]>;
  /** Also after a `start` that failed half way. */
  stop(): Promise<void>;
  /** Rejects when the target stops by itself. */
  readonly failure: Promise<never>;
}
