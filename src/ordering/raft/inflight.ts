/** The appends under way to one follower, oldest first: a ring of fixed size. */
export class Inflight {
  readonly #lastIndexes: Float64Array;
  readonly #sizes: Float64Array;
  #first = 0;
  count = 0;
  bytes = 0;

  constructor(appendsMax: number) {
    this.#lastIndexes = new Float64Array(appendsMax);
    this.#sizes = new Float64Array(appendsMax);
  }

  get full(): boolean {
    return this.count === this.#sizes.length;
  }

  add(lastIndex: number, bytes: number): void {
    const at = (this.#first + this.count) % this.#sizes.length;
    this.#lastIndexes[at] = lastIndex;
    this.#sizes[at] = bytes;
    this.count++;
    this.bytes += bytes;
  }

  /** The follower has everything up to here. */
  arrived(index: number): void {
    while (this.count > 0 && (this.#lastIndexes[this.#first] ?? 0) <= index) {
      this.bytes -= this.#sizes[this.#first] ?? 0;
      this.#first = (this.#first + 1) % this.#sizes.length;
      this.count--;
    }
  }

  clear(): void {
    this.count = 0;
    this.bytes = 0;
  }
}
