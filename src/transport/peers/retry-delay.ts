/** When to dial again: soon at first, then doubling up to a limit, and never two links in step. */
const FIRST_MS = 10;
/** A peer that comes back dials too, which ends the wait at once: the limit is for those that are gone. */
const UNREACHABLE_MAX_MS = 1000;
const REFUSED_FIRST_MS = 1000;
const REFUSED_MAX_MS = 5000;

export class RetryDelay {
  readonly #random: () => number;
  #attempts = 0;

  /** `random`: in [0, 1). */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /** The next wait, ms. */
  next(refused: boolean): number {
    const [first, max] = refused ? [REFUSED_FIRST_MS, REFUSED_MAX_MS] : [FIRST_MS, UNREACHABLE_MAX_MS];
    const whole = Math.min(max, first * 2 ** Math.min(this.#attempts, 20));
    this.#attempts++;
    return whole * (0.5 + this.#random() / 2);
  }

  reset(): void {
    this.#attempts = 0;
  }
}
