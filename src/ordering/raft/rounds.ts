/** A leader's rounds of heartbeats: what a majority has answered shows that the leader still led when it was sent. */
export class Rounds {
  current = 0;
  /** When the rounds from `#oldest` on began. Short: a leader whose rounds nobody answers steps down. */
  readonly #begun: number[] = [];
  #oldest = 1;

  begin(now: number): void {
    this.current++;
    this.#begun.push(now);
  }

  /** When this round began; the ones before it are forgotten. */
  begunAt(round: number): number {
    while (this.#oldest < round && this.#begun.length > 1) {
      this.#begun.shift();
      this.#oldest++;
    }
    return this.#oldest === round ? (this.#begun[0] ?? Number.NEGATIVE_INFINITY) : Number.NEGATIVE_INFINITY;
  }
}
