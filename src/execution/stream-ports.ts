import type { Entry } from '../ordering/group-log.js';
import type { SyncRun } from '../ordering/sync-run.js';

/**
 * All that a stream's execution has of the world: its own log, group 0's runs, the other streams, and whoever waits
 * for results. The real ones are rings in shared memory; simulation has queues in one thread.
 */
export interface StreamPorts {
  /** The next committed entry of this stream's log; null: none yet. */
  takeEntry(): Entry | null;
  /** Group 0's commands for this stream up to this index can all be read by `peekRun`. Never decreases. */
  delivered(): number;
  /** The next run of group 0 for this stream; null: none yet. */
  peekRun(): SyncRun | null;
  dropRun(): void;
  /** False: messages to other streams are held back; nothing that sends may begin. */
  readyToSend(): boolean;
  /** Hands a message to another stream; messages to one stream arrive in order. */
  send(stream: number, message: Uint8Array): void;
  /** The next message from another stream; null: none yet. */
  receive(stream: number): Uint8Array | null;
  /** Whether anyone reads the results of commands without a session (those of sessions are kept in any case). */
  readonly feedReads: boolean;
  /** The reply to a frame of that digest, for the client of a session of this stream's group. */
  reply(sessionKey: string, reply: Uint8Array, digest: number): void;
  /** The results of a run that this stream coordinated (or null: the run is done), for group 0's worker. */
  syncResults(run: SyncRun, results: readonly Uint8Array[]): void;
  /** All partitions are to be marked now: group 0 executed up to `index`, this stream's entries below `nextEntry`. */
  checkpoint(index: number, nextEntry: number): void;
}
