/**
 * How one thread wakes another that has parked. One 32-bit word in shared memory per thread that can park:
 *
 *   0 awake: the thread will look at its rings by itself      1 parked: ring, or it sleeps on
 *
 * A thread stores 1, looks at its rings once more, and only then sleeps; a producer publishes first and looks at the
 * word after that. Both orders are sequentially consistent, so one of the two always sees the other.
 */
const AWAKE = 0;
const PARKED = 1;

export class Doorbell {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  /** Wakes the owner if it has parked: about 25 us until it runs; otherwise this costs one atomic load. */
  ring(): void {
    if (Atomics.load(this.#words, this.#index) !== PARKED) return;
    if (Atomics.compareExchange(this.#words, this.#index, PARKED, AWAKE) === PARKED) {
      Atomics.notify(this.#words, this.#index);
    }
  }

  /** Owner only: announce the sleep. Look for work once more before `sleep`. */
  prepare(): void {
    Atomics.store(this.#words, this.#index, PARKED);
  }

  /** Owner only: take the announcement back. */
  cancel(): void {
    Atomics.store(this.#words, this.#index, AWAKE);
  }

  /** Owner only: it has announced its sleep, and the bell has not rung since. */
  get silent(): boolean {
    return Atomics.load(this.#words, this.#index) === PARKED;
  }

  /** Owner only, after `prepare`: resolves when the bell rings; null: it has rung already. */
  sleep(): Promise<unknown> | null {
    const waiting = Atomics.waitAsync(this.#words, this.#index, PARKED);
    return waiting.async ? waiting.value : null;
  }
}
