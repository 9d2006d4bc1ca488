import { createPartitionMap } from '../src/classifier/create-partition-map.js';
import type { Report } from './measure/report.js';
import type { BenchOptions } from './options/bench-options.js';
import { runBenchmark } from './run-benchmark.js';
import { createContender } from './techniques/create-contender.js';
import { type BenchJob, createJob } from './workloads/bench-job.js';
import { calibrateSpin } from './workloads/work.js';

/** Light commands in one lap of the measured log: a fraction of a second. */
const COMMANDS_MAX = 300_000;
/** With work, a lap is about this much of it. */
const LAP_WORK_US = 400_000;
const COMMANDS_MIN = 1000;

/** Measures one set of options with all its techniques. Rejects with the first contender's error, or when `interrupted` does. */
export async function runPoint(
  options: BenchOptions,
  progress: (line: string) => void,
  interrupted: Promise<never>,
): Promise<Report> {
  return runBenchmark(jobOf(options), createContender, progress, interrupted);
}

function jobOf(options: BenchOptions): BenchJob {
  return createJob({
    options,
    map: createPartitionMap({ streams: options.streams }).toJson(),
    spinsPerUs: options.workUs > 0 ? calibrateSpin(() => performance.now() * 1000) : 0,
    commandsMax: options.commands ?? commandsMax(options.workUs),
  });
}

function commandsMax(workUs: number): number {
  return workUs === 0 ? COMMANDS_MAX : Math.max(COMMANDS_MIN, Math.min(COMMANDS_MAX, Math.round(LAP_WORK_US / workUs)));
}
