import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Times as long as it worked, a checkpoint rests where commands are executed meanwhile. */
const REST = 12;
/** A large one, once it has taken so long, ms: the log that it ends must not grow without end. */
const REST_LATE = 3;
const LATE_MS = 15_000;
/** One value can be as large as thousands of pieces. */
const REST_MAX_MS = 500;

/** Keeps a checkpoint from taking the cores that commands need: all streams of all replicas write theirs at once. */
export class CheckpointPace {
  readonly #busyUs: () => number;
  readonly #begunMs = performance.now();
  #busyBefore: number;

  /** `busyUs`: how long this thread has worked on commands since it began. */
  constructor(busyUs: () => number) {
    this.#busyUs = busyUs;
    this.#busyBefore = busyUs();
  }

  /** After so much work, before more of it: the event loop in any case, and the other threads if there is load. */
  async rest(workedMs: number): Promise<void> {
    const ms = this.restMs(workedMs);
    await (ms === 0 ? nextTurn() : sleep(ms));
  }

  /** 0: nobody waits for this thread. */
  restMs(workedMs: number): number {
    const busyUs = this.#busyUs();
    const isIdle = busyUs === this.#busyBefore;
    this.#busyBefore = busyUs;
    if (isIdle) return 0;
    const rest = performance.now() - this.#begunMs < LATE_MS ? REST : REST_LATE;
    return Math.min(REST_MAX_MS, rest * workedMs);
  }
}
