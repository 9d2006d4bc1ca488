/**
 * What a replica asks the others beside its work, and nobody waits for: it never rejects, which would end the process.
 * What goes wrong with it is told, once: what is tried every few seconds fails every few seconds.
 */
import { messageOf, PsmrError } from '../../errors.js';
import { ProblemLog } from '../../transport/peers/problem-log.js';

export class Unattended {
  readonly #problems: ProblemLog;

  constructor(problem: (problem: PsmrError) => void) {
    this.#problems = new ProblemLog(problem);
  }

  async run(act: () => Promise<void>): Promise<void> {
    try {
      await act();
    } catch (thrown) {
      this.#problems.report('asking', thrown instanceof PsmrError ? thrown : cannotAsk(thrown));
    }
  }
}

function cannotAsk(thrown: unknown): PsmrError {
  const sentence = `The other replicas cannot be asked: ${messageOf(thrown)}. Correct that; they are asked again.`;
  return new PsmrError('UNREACHABLE', sentence, { cause: thrown });
}
