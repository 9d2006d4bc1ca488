/** Thread entry point of group 0, the sync group. Hosted by piscina. */
import type { MessagePort } from 'node:worker_threads';
import { runSyncWorker } from '../src/replica/sync-worker.js';
import type { WorkerEnd } from '../src/replica/worker-end.js';
import type { WorkerTask } from '../src/replica/worker-messages.js';

export default function run({ task, port }: { task: WorkerTask; port: MessagePort }): Promise<WorkerEnd> {
  return runSyncWorker(task, port);
}
