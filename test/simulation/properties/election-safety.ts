/** A term has one leader at most. */
export class ElectionSafety {
  readonly #leaders = new Map<number, number>();

  get elections(): number {
    return this.#leaders.size;
  }

  led(replica: number, term: number): void {
    const leader = this.#leaders.get(term) ?? replica;
    this.#leaders.set(term, leader);
    if (leader !== replica) throw new Error(`replicas ${leader} and ${replica} lead in term ${term}`);
  }
}
