/** What a replica asks the others beside its work, and nobody waits for: it never rejects, which would end the process. What goes wrong with it is told. */
import { messageOf, PsmrError } from '../../errors.js';

export class Unattended {
  readonly #problem: (problem: PsmrError) => void;
  #told: string | null = null;

  constructor(problem: (problem: PsmrError) => void) {
    this.#problem = problem;
  }

  async run(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.#tell(thrown instanceof PsmrError ? thrown : cannotAsk(thrown));
    }
  }

  /** What is tried again every few seconds fails in the same way every few seconds: once is enough. */
  #tell(problem: PsmrError): void {
    if (problem.message === this.#told) return;
    this.#told = problem.message;
    this.#problem(problem);
  }
}

function cannotAsk(thrown: unknown): PsmrError {
  const sentence = `The other replicas cannot be asked: ${messageOf(thrown)}. Correct that; they are asked again.`;
  return new PsmrError('UNREACHABLE', sentence, { cause: thrown });
}
