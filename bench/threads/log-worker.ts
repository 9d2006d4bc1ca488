/** Thread entry point: one stream of smr or p-smr that executes prebuilt logs. Hosted by piscina. */
import { PartitionMap, type PartitionMapJson } from '../../src/classifier/partition-map.js';
import { WorkRecording } from '../../src/metrics/work-recording.js';
import { installDeterminismGuard } from '../../src/service/determinism-guard.js';
import { loadService } from '../../src/service/load-service.js';
import { DutyThread, type DutyTask } from '../execution/duty-thread.js';
import { PrebuiltSource, type StreamLogs } from '../execution/prebuilt-source.js';
import { StreamDuty } from '../execution/stream-duty.js';
import type { BenchOptions } from '../options/bench-options.js';
import { RESULT_CHECKS } from '../workloads/result-checks.js';
import type { ThreadStart } from './bench-threads.js';

export interface LogWorkerTask extends DutyTask {
  readonly service: string;
  readonly workload: BenchOptions['workload'];
  readonly map: PartitionMapJson;
  readonly load: StreamLogs;
  readonly measured: StreamLogs;
}

export default async function run({ task, port }: ThreadStart<LogWorkerTask>): Promise<void> {
  const guard = installDeterminismGuard();
  const { recordings, group } = task;
  const recording = recordings === null ? null : new WorkRecording(recordings, group, () => undefined);
  const duty = new StreamDuty({
    task,
    service: await loadService(task.service),
    map: PartitionMap.fromJson(task.map),
    guard,
    source: new PrebuiltSource(task.group, task.load, task.measured),
    check: RESULT_CHECKS[task.workload],
    recorder: recording?.work ?? null,
  });
  await new DutyThread(task, duty, recording).serve(port);
}
