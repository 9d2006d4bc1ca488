/**
 * Chooses which of many things are looked at: all of them while they are few, else about so many per interval, evenly
 * and at random distances, so that no pattern in what comes is taken for all of it.
 */
const INTERVAL_US = 2000;
const PER_INTERVAL = 8;

export class Sampler {
  /** How many are passed over until the next one that is chosen; whoever passes one over counts it down. */
  skip = 0;
  #stride = 1;
  #chosen = 0;
  #passed = 0;
  #sinceUs = 0;
  #seed = 1;

  /** One that was to be chosen was. */
  chosen(): void {
    // Much more has come than before: not all of it is looked at until the interval is over.
    if (++this.#chosen % PER_INTERVAL === 0) this.#stride *= 2;
    this.skip = this.#draw();
    this.#passed += 1 + this.skip;
  }

  turn(nowUs: number): void {
    const elapsedUs = nowUs - this.#sinceUs;
    if (elapsedUs < INTERVAL_US) return;
    const came = Math.max(0, this.#passed - this.skip);
    this.#stride = Math.max(1, Math.floor(((came / elapsedUs) * INTERVAL_US) / PER_INTERVAL));
    this.skip = Math.min(this.skip, 2 * this.#stride - 2);
    this.#passed = this.skip;
    this.#chosen = 0;
    this.#sinceUs = nowUs;
  }

  /** 0 to 2 * stride - 2, evenly. */
  #draw(): number {
    if (this.#stride === 1) return 0;
    this.#seed = (Math.imul(this.#seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#seed / 2 ** 32) * (2 * this.#stride - 1));
  }
}
