import type { Outcome } from '../../src/client/call.js';
import { invariant } from '../../src/errors.js';
import type { BenchCommand, ResultCheck } from '../workloads/workload.js';

/** What the load needs of a client: the engine's own and the remote one fit. */
export interface BatchClient {
  executeBatch(commands: readonly BenchCommand[]): Promise<readonly Outcome[]>;
}

/** A client of the benchmark's own. */
export interface LoadClient extends BatchClient {
  close(): Promise<void>;
}

/** Throws the first error among the results, and for the first wrong result. */
export function checkOutcomes(batch: readonly BenchCommand[], outcomes: readonly Outcome[], check: ResultCheck): void {
  invariant(outcomes.length === batch.length, `${batch.length} commands had ${outcomes.length} results`);
  for (const [i, command] of batch.entries()) {
    const outcome = outcomes[i];
    if (outcome === undefined) continue;
    // A benchmark of failing commands would measure something else.
    if (!outcome.ok) throw outcome.error;
    const wrong = check(command, outcome.value);
    invariant(wrong === null, wrong ?? '');
  }
}
