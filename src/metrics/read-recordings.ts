/** What the workers have recorded so far, as the main thread reads it. */
import { SLOTS } from '../classifier/slots.js';
import { Now, Recording, WorkState, type RecordingsMemory } from '../memory/recordings.js';
import { percentileUs } from './latency-buckets.js';

export const STATE_NAMES = ['busy', 'merge', 'rendezvous', 'idle'] as const;
export type StateName = (typeof STATE_NAMES)[number];

export interface RecordedGroup {
  /** Time spent in each state, us: together, all of the time since the worker began. */
  readonly statesUs: Readonly<Record<StateName, number>>;
  /** What it waits for now. `stream`: at a rendezvous, the one that has not come; 0: none. */
  readonly now: { readonly state: StateName; readonly stream: number; readonly sinceMs: number };
  /** By stream (0 is none): time at rendezvous to which that one came last, us. */
  readonly awaitedUs: readonly number[];
  readonly latency: RecordedLatency;
}

/** From a frame's coming in to its reply's going out, of the frames that were looked at, since the start. */
export interface RecordedLatency {
  readonly frames: number;
  readonly sumUs: number;
  readonly p50Us: number | null;
  readonly p99Us: number | null;
  readonly p999Us: number | null;
  /** Frames by bucket: see metrics/latency-buckets.ts. */
  readonly counts: readonly number[];
}

export interface RecordedCommand {
  readonly name: string;
  /** Executed; each counted once. */
  readonly count: number;
  /** Of these, timed: so many, in so much time. */
  readonly timed: number;
  readonly timedUs: number;
}

export interface Recorded {
  /** Group 0 first. */
  readonly groups: readonly RecordedGroup[];
  readonly commands: readonly RecordedCommand[];
  /** Keys of the commands that were timed, by slot. */
  readonly slots: readonly number[];
}

/** A worker that neither polls nor has parked for so long is at work: a command takes its time. */
const AT_WORK_US = 5000;

export class RecordingReader {
  readonly #groups: readonly Recording[];
  readonly #names: readonly string[];
  readonly #sharedUs: () => number;
  /** As read last: what goes on is estimated, and must not seem to go back. */
  readonly #states: number[][];

  /** `names`: of the service's commands, in its order. */
  constructor(memory: RecordingsMemory, names: readonly string[], sharedUs: () => number) {
    this.#groups = Array.from({ length: memory.groups }, (_, group) => new Recording(memory, group));
    this.#names = names;
    this.#sharedUs = sharedUs;
    this.#states = this.#groups.map(() => STATE_NAMES.map(() => 0));
  }

  read(): Recorded {
    const total = (part: 'counts' | 'samples' | 'sampledUs', at: number): number =>
      this.#groups.reduce((sum, group) => sum + (group[part][at] ?? 0), 0);
    const slots = Array.from({ length: SLOTS }, () => 0);
    for (const group of this.#groups)
      for (let at = 0; at < SLOTS; at++) slots[at] = (slots[at] ?? 0) + (group.slots[at] ?? 0);
    return {
      groups: this.#groups.map((recording, group) => this.#group(recording, this.#states[group] ?? [])),
      commands: this.#names.map((name, at) => ({
        name,
        count: total('counts', at),
        timed: total('samples', at),
        timedUs: total('sampledUs', at),
      })),
      slots,
    };
  }

  #group({ states, now, awaited, latency, latencyUs }: Recording, last: number[]): RecordedGroup {
    const sharedUs = this.#sharedUs();
    const openUs = Math.max(0, sharedUs - (now[Now.untilUs] ?? sharedUs));
    const state = now[Now.state] ?? WorkState.idle;
    const parked = now[Now.parked] === 1;
    STATE_NAMES.forEach((_, at) => {
      const open = parked ? at === state : at === WorkState.busy && openUs > AT_WORK_US;
      last[at] = Math.max(last[at] ?? 0, (states[at] ?? 0) + (open ? openUs : 0));
    });
    const [busy = 0, merge = 0, rendezvous = 0, idle = 0] = last;
    const atWork = !parked && openUs > AT_WORK_US;
    return {
      statesUs: { busy, merge, rendezvous, idle },
      now: {
        state: atWork ? 'busy' : (STATE_NAMES[state] ?? 'idle'),
        stream: now[Now.stream] ?? 0,
        sinceMs: (atWork ? openUs : Math.max(0, sharedUs - (now[Now.sinceUs] ?? sharedUs))) / 1000,
      },
      awaitedUs: [...awaited],
      latency: recordedLatency([...latency], latencyUs[0] ?? 0),
    };
  }
}

function recordedLatency(counts: readonly number[], sumUs: number): RecordedLatency {
  return {
    frames: counts.reduce((sum, count) => sum + count, 0),
    sumUs,
    p50Us: percentileUs(counts, 0.5),
    p99Us: percentileUs(counts, 0.99),
    p999Us: percentileUs(counts, 0.999),
    counts,
  };
}
