interface Stored {
  readonly bytes: string;
  readonly previousTerm: number;
}

/** Entries of one index and term are the same wherever they are stored, and so are the ones before them. */
export class LogMatching {
  readonly #seen = new Map<string, Stored>();

  /** `previousTerm`: of the entry before it; -1 where that is not held. */
  stored(replica: number, index: number, term: number, bytes: string, previousTerm: number): void {
    if (term < previousTerm) throw new Error(`replica ${replica}'s terms fall at entry ${index}`);
    const key = `${term}/${index}`;
    const seen = this.#seen.get(key);
    // That the entries before are of one term is enough: they have been compared likewise.
    if (seen === undefined || seen.previousTerm < 0) this.#seen.set(key, { bytes, previousTerm });
    if (seen === undefined) return;
    const follows = seen.previousTerm < 0 || previousTerm < 0 || seen.previousTerm === previousTerm;
    if (seen.bytes !== bytes || !follows)
      throw new Error(`replica ${replica} stores another entry ${index} of term ${term}`);
  }
}
