/**
 * What the workers record of their work beside their counters, in shared memory that the main thread reads without
 * asking. Float64; each group's part is written by its worker only. All of it only rises, but for `now`.
 *
 *   states    time spent busy, waiting for a merge, waiting at a rendezvous, idle, us (together: all of the time)
 *   now       0 the state that it is in | 1 for which stream, at a rendezvous | 2 recorded until (shared clock, us)
 *             3 since when it waits (shared clock, us) | 4 whether it has parked
 *   awaited   by stream: time at rendezvous to which this one came last, us
 *   latency   frames by their time from frame in to reply out (metrics/latency-buckets.ts); some of the frames
 *   latencyUs the sum of these times
 *   slots     commands looked at, by the slots of their keys
 *   counts    by command: executed;  samples, sampledUs: those looked at one by one, and their time
 */
import { SLOTS } from '../classifier/slots.js';
import { LATENCY_BUCKETS } from '../metrics/latency-buckets.js';

export interface RecordingsMemory {
  readonly values: SharedArrayBuffer;
  readonly groups: number;
  /** Of the service. */
  readonly commands: number;
}

/** What a worker does: the places of `states`. */
export const WorkState = { busy: 0, merge: 1, rendezvous: 2, idle: 3 } as const;
export type WorkState = (typeof WorkState)[keyof typeof WorkState];
const STATES = 4;

/** The places of `now`. */
export const Now = { state: 0, stream: 1, untilUs: 2, sinceUs: 3, parked: 4 } as const;
const NOW_WORDS = 5;

export function createRecordings(groups: number, commands: number): RecordingsMemory {
  return { values: new SharedArrayBuffer(groups * lengthOf(groups, commands) * 8), groups, commands };
}

export class Recording {
  readonly states: Float64Array;
  readonly now: Float64Array;
  readonly awaited: Float64Array;
  readonly latency: Float64Array;
  readonly latencyUs: Float64Array;
  readonly slots: Float64Array;
  readonly counts: Float64Array;
  readonly samples: Float64Array;
  readonly sampledUs: Float64Array;

  constructor({ values, groups, commands }: RecordingsMemory, group: number) {
    let at = group * lengthOf(groups, commands);
    const part = (length: number): Float64Array => {
      at += length;
      return new Float64Array(values, (at - length) * 8, length);
    };
    this.states = part(STATES);
    this.now = part(NOW_WORDS);
    this.awaited = part(groups);
    this.latency = part(LATENCY_BUCKETS);
    this.latencyUs = part(1);
    this.slots = part(SLOTS);
    this.counts = part(commands);
    this.samples = part(commands);
    this.sampledUs = part(commands);
  }
}

/** Whole lines of the cache, so that no two threads write to the same. */
function lengthOf(groups: number, commands: number): number {
  return Math.ceil((STATES + NOW_WORDS + groups + LATENCY_BUCKETS + 1 + SLOTS + 3 * commands) / 8) * 8;
}

export function add(values: Float64Array, at: number, amount: number): void {
  values[at] = (values[at] ?? 0) + amount;
}
