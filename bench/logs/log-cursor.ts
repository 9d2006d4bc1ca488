/** Before the first lap, while the log that fills the state is read. */
const LOADING = -1;

/**
 * Items of one list once, which fill the state, and then those of another again and again: lap 0, 1, 2, ... It stops at
 * the end of the first list until it is told to go on, and at the end of the lap that `finishAfter` names.
 */
export class LogCursor<T> {
  readonly #load: readonly T[];
  readonly #measured: readonly T[];
  readonly #place: (item: T, lap: number) => T;
  #lap = LOADING;
  #lastLap = LOADING;
  #at = 0;

  /** `place` puts an item of a lap where it belongs in a log that goes on rising. */
  constructor(load: readonly T[], measured: readonly T[], place: (item: T, lap: number) => T = (item) => item) {
    this.#load = load;
    this.#measured = measured;
    this.#place = place;
  }

  /** The lap that it is in; -1: loading. */
  get lap(): number {
    return this.#lap;
  }

  /** Nothing is left of what was asked for. */
  get ended(): boolean {
    return this.#lap >= this.#lastLap && this.#at >= this.#items.length;
  }

  /** Goes on after loading. */
  goOn(): void {
    this.#lastLap = Infinity;
  }

  finishAfter(lap: number): void {
    this.#lastLap = lap;
  }

  next(): T | null {
    for (;;) {
      const item = this.#items[this.#at];
      if (item !== undefined) {
        this.#at++;
        return this.#lap === LOADING ? item : this.#place(item, this.#lap);
      }
      if (this.#lap >= this.#lastLap) return null;
      // A stream may have no part in what is measured: then it has no laps to run either.
      if (this.#measured.length === 0 && this.#lastLap === Infinity) return null;
      this.#lap++;
      this.#at = 0;
    }
  }

  get #items(): readonly T[] {
    return this.#lap === LOADING ? this.#load : this.#measured;
  }
}
