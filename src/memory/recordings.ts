/**
 * What the workers record of their work beside their counters, in shared memory that the main thread reads without
 * asking. Float64; each group's part is written by its worker only. All of it only rises, but for `waiting`.
 *
 *   latency   frames by their time from frame in to reply out (metrics/latency-buckets.ts); some of the frames
 *   latencyUs the sum of these times
 *   awaited   by stream: time at rendezvous of which it was the last to come, us
 *   waiting   what the stream waits for now (0 nothing | 1 merge | 2 rendezvous), for which stream, since when (ms)
 *   slots     commands looked at, by the slots of their keys
 *   counts    by command: executed;  samples, sampledUs: those looked at one by one, and their time
 */
import { LATENCY_BUCKETS } from '../metrics/latency-buckets.js';
import { SLOTS } from '../classifier/slots.js';

export interface RecordingsMemory {
  readonly values: SharedArrayBuffer;
  readonly groups: number;
  /** Of the service. */
  readonly commands: number;
}

export const Waiting = { nothing: 0, merge: 1, rendezvous: 2 } as const;
const WAITING_WORDS = 3;

export function createRecordings(groups: number, commands: number): RecordingsMemory {
  return { values: new SharedArrayBuffer(groups * lengthOf(groups, commands) * 8), groups, commands };
}

export class Recording {
  readonly latency: Float64Array;
  readonly latencyUs: Float64Array;
  readonly awaited: Float64Array;
  readonly waiting: Float64Array;
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
    this.latency = part(LATENCY_BUCKETS);
    this.latencyUs = part(1);
    this.awaited = part(groups);
    this.waiting = part(WAITING_WORDS);
    this.slots = part(SLOTS);
    this.counts = part(commands);
    this.samples = part(commands);
    this.sampledUs = part(commands);
  }
}

/** Whole lines of the cache, so that no two threads write to the same. */
function lengthOf(groups: number, commands: number): number {
  return Math.ceil((LATENCY_BUCKETS + 1 + groups + WAITING_WORDS + SLOTS + 3 * commands) / 8) * 8;
}
