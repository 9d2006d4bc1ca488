import { type Report, reportRun } from './measure/report.js';
import { measureRounds, type RoundPlan } from './measure/rounds.js';
import type { BenchOptions } from './options/bench-options.js';
import type { Contender } from './techniques/technique.js';
import { type Variant, variantsOf } from './techniques/variant.js';
import type { BenchJob } from './workloads/bench-job.js';

/** Before the first round, each contender runs this much of a round, uncounted: compilers and caches settle. */
const WARMUP_SHARE = 1;
const WARMUP_SECONDS_MAX = 2;

/** Sets a technique up for a job; nothing is started yet. */
export type CreateContender = (variant: Variant, job: BenchJob) => Contender;

/**
 * Runs a benchmark from end to end. `progress` gets a line for each step. Rejects with the first contender's error, or
 * when `interrupted` does; all contenders are stopped then.
 */
export async function runBenchmark(
  job: BenchJob,
  create: CreateContender,
  progress: (line: string) => void,
  interrupted?: Promise<never>,
): Promise<Report> {
  const { options } = job;
  const contenders = variantsOf(options).map((variant) => create(variant, job));
  const measured = await measureRounds(contenders, planOf(options), progress, interrupted);
  return { runs: measured.map((each) => reportRun(options, each)) };
}

function planOf({ rounds, seconds }: BenchOptions): RoundPlan {
  return { rounds, seconds, warmupSeconds: Math.min(WARMUP_SECONDS_MAX, seconds * WARMUP_SHARE) };
}
