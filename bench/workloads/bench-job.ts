import { PartitionMap, type PartitionMapJson } from '../../src/classifier/partition-map.js';
import type { BenchOptions } from '../options/bench-options.js';
import { bankWorkload } from './bank.js';
import { readBlockTrace } from './block-trace.js';
import { blocksWorkload } from './blocks.js';
import { EXAMPLE_WORKLOADS } from './examples/examples.js';
import { kvWorkload } from './kv.js';
import { netfsWorkload } from './netfs.js';
import { randomSource } from './random-source.js';
import type { BenchCommand, Workload, WorkloadOptions } from './workload.js';

/** What a job is made from: plain data, so that other threads can make the same one. */
export interface JobRecipe {
  readonly options: BenchOptions;
  /** Of `options.streams` streams: what is cross-stream there is what techniques with one stream get too. */
  readonly map: PartitionMapJson;
  /** Iterations of `spin` per microsecond; see calibrateSpin. */
  readonly spinsPerUs: number;
  /** Commands to generate, at most; a trace may have fewer. */
  readonly commandsMax: number;
}

/** Everything that the contenders of one benchmark share: the same commands for all of them. */
export interface BenchJob {
  readonly recipe: JobRecipe;
  readonly options: BenchOptions;
  readonly workload: Workload;
  /** Fills the state; made anew at each call, since a million commands are no small array. */
  readonly load: () => Iterable<BenchCommand>;
  /** What is measured; contenders begin again at the end of it. */
  readonly commands: readonly BenchCommand[];
}

/** Equal recipes give equal jobs. Throws INVALID_ARGUMENT for a wrong trace. */
export function createJob(recipe: JobRecipe): BenchJob {
  const { options, map, spinsPerUs, commandsMax } = recipe;
  const workload = workloadOf(options);
  const { keys, valueBytes, zipf, cross, workUs } = options;
  const details: WorkloadOptions = {
    ...{ keys, valueBytes, zipf, cross, placement: PartitionMap.fromJson(map) },
    work: Math.round(workUs * spinsPerUs),
  };
  const generated = workload.generate(details, randomSource(options.seed));
  const commands = [...take(generated, commandsMax)];
  return { recipe, options, workload, load: () => workload.load(details), commands };
}

function workloadOf({ workload, mix, trace }: BenchOptions): Workload {
  switch (workload) {
    case 'kv':
      return kvWorkload(mix ?? 'a');
    case 'bank':
      return bankWorkload;
    case 'blocks':
      return blocksWorkload(readBlockTrace(trace ?? ''));
    case 'netfs':
      return netfsWorkload;
    default:
      return EXAMPLE_WORKLOADS[workload];
  }
}

function* take<T>(items: Iterable<T>, count: number): Generator<T> {
  let taken = 0;
  if (count === 0) return;
  for (const item of items) {
    yield item;
    if (++taken === count) return;
  }
}
