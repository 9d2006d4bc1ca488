import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';

/** Times as long as it worked, a checkpoint rests where commands are executed meanwhile. */
const REST = 3;

/** Keeps a checkpoint from taking the cores that commands need: all streams of all replicas write theirs at once. */
export class CheckpointPace {
  readonly #busyUs: () => number;
  #busyBefore: number;

  /** `busyUs`: how long this thread has worked on commands since it began. */
  constructor(busyUs: () => number) {
    this.#busyUs = busyUs;
    this.#busyBefore = busyUs();
  }

  /** After so much work, before more of it: the event loop in any case, and the other threads if there is load. */
  async rest(workedMs: number): Promise<void> {
    const busyUs = this.#busyUs();
    const isIdle = busyUs === this.#busyBefore;
    this.#busyBefore = busyUs;
    await (isIdle ? nextTurn() : sleep(REST * workedMs));
  }
}
