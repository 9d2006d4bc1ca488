import type { BenchOptions } from '../options/bench-options.js';
import { checkRead } from './blocks.js';
import { checkBlock } from './netfs.js';
import { EXAMPLE_WORKLOADS } from './examples/examples.js';
import { anyResult, type ResultCheck } from './workload.js';

type WorkloadName = BenchOptions['workload'];

/** The workloads' checks by name, for threads that execute a workload and generate none. */
export const RESULT_CHECKS: Readonly<Record<WorkloadName, ResultCheck>> = {
  kv: anyResult,
  bank: anyResult,
  blocks: checkRead,
  netfs: checkBlock,
  'kv-ranges': EXAMPLE_WORKLOADS['kv-ranges'].check,
  ledger: EXAMPLE_WORKLOADS.ledger.check,
  exchange: EXAMPLE_WORKLOADS.exchange.check,
  config: EXAMPLE_WORKLOADS.config.check,
};
