import type { RaftClock } from './raft-group-log-options.js';

/** One timer for a deadline that moves: put off at every message, it is set anew only when it comes too early. */
export class DeadlineTimer {
  readonly #clock: RaftClock;
  readonly #due: () => void;
  #deadline = Infinity;
  /** The deadline that the timer was set for. */
  #at = Infinity;
  #cancel: () => void = () => undefined;

  constructor(clock: RaftClock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  set(deadline: number): void {
    this.#deadline = deadline;
    if (deadline >= this.#at) return;
    this.#cancel();
    this.#start(this.#clock.now());
  }

  stop(): void {
    this.#cancel();
    this.#at = Infinity;
    this.#deadline = Infinity;
  }

  #start(nowMs: number): void {
    this.#at = this.#deadline;
    // Timers come at whole milliseconds; less would find the deadline still ahead.
    this.#cancel = this.#clock.after(Math.max(1, this.#deadline - nowMs), this.#come);
  }

  readonly #come = (): void => {
    const wasFor = this.#at;
    this.#at = Infinity;
    if (this.#deadline <= wasFor) this.#due();
    // Its time has come even if the clock went back meanwhile.
    else if (this.#deadline < Infinity) this.#start(Math.max(wasFor, this.#clock.now()));
  };
}
