/** Thread entry point: plain-loop. Hosted by piscina. */
import { DutyThread, type DutyTask } from '../execution/duty-thread.js';
import type { OrderedLog } from '../execution/lap-duty.js';
import { PlainDuty } from '../execution/plain-duty.js';
import type { ThreadStart } from './bench-threads.js';

export interface PlainWorkerTask extends DutyTask {
  readonly log: OrderedLog;
}

export default async function run({ task, port }: ThreadStart<PlainWorkerTask>): Promise<void> {
  await new DutyThread(task, new PlainDuty(task.log)).serve(port);
}
