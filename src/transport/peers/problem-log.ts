/** Tells of each problem once, so that links that fail again and again do not fill the log; strangers least of all. */
import type { PsmrError } from '../../errors.js';

const REMEMBERED_MAX = 100;

export class ProblemLog {
  readonly #told = new Map<string, Set<string>>();
  readonly #tell: (problem: PsmrError) => void;

  constructor(tell: (problem: PsmrError) => void) {
    this.#tell = tell;
  }

  /** `source`: whose problem it is; a source with too many different ones is not heard any more. */
  report(source: string, problem: PsmrError): void {
    let told = this.#told.get(source);
    if (told === undefined) this.#told.set(source, (told = new Set()));
    if (told.has(problem.message) || told.size >= REMEMBERED_MAX) return;
    told.add(problem.message);
    this.#tell(problem);
  }

  /** All is well with this source: what happens from now on is news. */
  forget(source: string): void {
    this.#told.delete(source);
  }
}
