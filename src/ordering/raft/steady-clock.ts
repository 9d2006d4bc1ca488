/**
 * Time that only ever goes forward, made of a clock that may be set back: timers in it cannot wedge. A step back counts
 * as no time passed.
 */
export class SteadyClock {
  /** ms since the start. */
  now = 0;
  #outside: number;

  constructor(nowMs: number) {
    this.#outside = nowMs;
  }

  /** False: the clock went back, so that more time may have passed than `now` says. */
  advance(nowMs: number): boolean {
    const passed = nowMs - this.#outside;
    this.#outside = nowMs;
    if (passed > 0) this.now += passed;
    return passed >= 0;
  }

  /** A time of this clock as the outside clock will show it. */
  outside(at: number): number {
    return this.#outside + (at - this.now);
  }
}
