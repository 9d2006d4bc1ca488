/** Thread entry point: one worker of sp-smr, which executes what the scheduler hands to it. Hosted by piscina. */
import { PartitionMap, type PartitionMapJson } from '../../src/classifier/partition-map.js';
import { ControlBlock } from '../../src/memory/control-block.js';
import { RingReader } from '../../src/memory/ring.js';
import { installDeterminismGuard } from '../../src/service/determinism-guard.js';
import { loadService } from '../../src/service/load-service.js';
import { DutyThread, type DutyTask } from '../execution/duty-thread.js';
import { ScheduledSource } from '../execution/scheduled-source.js';
import { StreamDuty } from '../execution/stream-duty.js';
import type { BenchOptions } from '../options/bench-options.js';
import { RESULT_CHECKS } from '../workloads/result-checks.js';
import type { ThreadStart } from './bench-threads.js';

export interface ScheduledWorkerTask extends DutyTask {
  readonly service: string;
  readonly workload: BenchOptions['workload'];
  readonly map: PartitionMapJson;
}

export default async function run({ task, port }: ThreadStart<ScheduledWorkerTask>): Promise<void> {
  const guard = installDeterminismGuard();
  const { control, links } = task.memory;
  const ring = links.ordered[task.group];
  if (ring === undefined) throw new Error(`broken invariant: there is no stream ${task.group}`);
  const duty = new StreamDuty({
    task,
    service: await loadService(task.service),
    map: PartitionMap.fromJson(task.map),
    guard,
    source: new ScheduledSource(new RingReader(ring, new ControlBlock(control).bell(0))),
    check: RESULT_CHECKS[task.workload],
  });
  await new DutyThread(task, duty).serve(port);
}
