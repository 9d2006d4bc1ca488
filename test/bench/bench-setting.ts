import type { WorkloadOptions } from '../../bench/workloads/workload.js';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';

/** Small options for a workload, with what a test cares about replaced. */
export function workloadOptions(changes: Partial<WorkloadOptions> & { streams?: number } = {}): WorkloadOptions {
  const { streams = 2, ...rest } = changes;
  const placement = createPartitionMap({ streams });
  return { keys: 100, valueBytes: 8, zipf: 0, cross: 0, work: 0, placement, ...rest };
}

export function take<T>(items: Iterable<T>, count: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.push(item) >= count) break;
  }
  return taken;
}
