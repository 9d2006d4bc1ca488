import type { RaftClock } from './raft-group-log-options.js';

/** One timer for a deadline that moves. */
export class DeadlineTimer {
  readonly #clock: RaftClock;
  readonly #due: () => void;
  #at = Infinity;
  #cancel: () => void = () => undefined;

  constructor(clock: RaftClock, due: () => void) {
    this.#clock = clock;
    this.#due = due;
  }

  set(at: number): void {
    if (at === this.#at) return;
    this.#cancel();
    this.#at = at;
    // Timers come at whole milliseconds; less would find the deadline still ahead.
    this.#cancel = this.#clock.after(Math.max(1, at - this.#clock.now()), () => {
      this.#at = Infinity;
      this.#due();
    });
  }

  stop(): void {
    this.#cancel();
  }
}
