/** The terms of a log's entries, as runs: terms never fall along a log, and few are there. */
export class TermRuns {
  #runs: { readonly index: number; readonly term: number }[];

  /** `index`: below the log's oldest entry, or that entry itself; its term is known, older ones' are not. */
  constructor(index: number, term: number) {
    this.#runs = [{ index, term }];
  }

  /** The term of the entry at an index that is held. */
  of(index: number): number {
    let low = 0;
    let high = this.#runs.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#runs[middle]?.index ?? 0) <= index) low = middle;
      else high = middle - 1;
    }
    return this.#runs[low]?.term ?? 0;
  }

  append(index: number, term: number): void {
    if (this.#runs.at(-1)?.term !== term) this.#runs.push({ index, term });
  }

  /** Entries above `index` are gone. */
  cutAbove(index: number): void {
    while (this.#runs.length > 1 && (this.#runs.at(-1)?.index ?? 0) > index) this.#runs.pop();
  }

  /** Entries below `index` are gone; the term at `index` stays known. */
  cutBelow(index: number): void {
    const keep = this.#runs.findLastIndex((run) => run.index <= index);
    if (keep > 0) this.#runs.splice(0, keep);
  }
}
