/**
 * One run of cross-stream commands at one of its destination streams (section 6 of the design). Pure: no clock, no
 * thread; it is told when messages have come.
 *
 *   start     publish this stream's values of the keys that the run reads
 *   gather    take the others' values as they arrive
 *   finish    run the same handlers over the union, in order; keep the writes to own keys
 *
 * One meeting serves the whole run: once the values are there, every destination computes the same writes to them.
 * In a run that only reads, only the coordinator (the lowest destination) takes the values. The others wait all the same
 * until everyone has come. Went stream 2 on at once, it could answer a write behind the run whose client then writes to
 * stream 1, before the run there: the run would see the second write and not the first. With everyone there, whatever a
 * later command can follow has a place in each of these streams' logs already, and reads are strictly serializable.
 */
import type { SyncRun } from '../ordering/sync-run.js';
import { SEGMENT_EVERY_KEY } from '../transport/frames.js';
import { EveryKeyRun } from './every-key-run.js';
import { KeyedRun } from './keyed-run.js';
import type { RunEnvironment, RunInProgress } from './run.js';

export function beginRun(environment: RunEnvironment, run: SyncRun): RunInProgress {
  return (run.flags & SEGMENT_EVERY_KEY) === 0 ? new KeyedRun(environment, run) : new EveryKeyRun(environment, run);
}
