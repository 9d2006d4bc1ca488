/** Thread entry point: the scheduler of sp-smr. Hosted by piscina. */
import { PartitionMap, type PartitionMapJson } from '../../src/classifier/partition-map.js';
import { loadService } from '../../src/service/load-service.js';
import { DutyThread, type DutyTask } from '../execution/duty-thread.js';
import type { OrderedLog } from '../execution/lap-duty.js';
import { SchedulerDuty } from '../execution/scheduler-duty.js';
import type { ThreadStart } from './bench-threads.js';

export interface SchedulerWorkerTask extends DutyTask {
  readonly service: string;
  /** Of the workers; the log itself is of one stream. */
  readonly map: PartitionMapJson;
  readonly log: OrderedLog;
}

export default async function run({ task, port }: ThreadStart<SchedulerWorkerTask>): Promise<void> {
  const service = await loadService(task.service);
  const duty = new SchedulerDuty(task.log, service, PartitionMap.fromJson(task.map), task.memory);
  await new DutyThread(task, duty).serve(port);
}
