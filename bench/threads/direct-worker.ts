/** Thread entry point: no-rep, fed from a log. Hosted by piscina. */
import { PartitionMap, type PartitionMapJson } from '../../src/classifier/partition-map.js';
import { installDeterminismGuard } from '../../src/service/determinism-guard.js';
import { loadService } from '../../src/service/load-service.js';
import { DirectDuty } from '../execution/direct-duty.js';
import { DirectExecutor } from '../execution/direct-executor.js';
import { DutyThread, type DutyTask } from '../execution/duty-thread.js';
import type { OrderedLog } from '../execution/lap-duty.js';
import type { BenchOptions } from '../options/bench-options.js';
import { RESULT_CHECKS } from '../workloads/result-checks.js';
import type { ThreadStart } from './bench-threads.js';

export interface DirectWorkerTask extends DutyTask {
  readonly service: string;
  readonly workload: BenchOptions['workload'];
  readonly map: PartitionMapJson;
  readonly log: OrderedLog;
}

export default async function run({ task, port }: ThreadStart<DirectWorkerTask>): Promise<void> {
  const guard = installDeterminismGuard();
  const executor = new DirectExecutor(await loadService(task.service), PartitionMap.fromJson(task.map), guard);
  const duty = new DirectDuty(task.log, executor, RESULT_CHECKS[task.workload]);
  await new DutyThread(task, duty).serve(port);
}
