/** Thread entry point of one stream (1..K). Hosted by piscina. */
import type { MessagePort } from 'node:worker_threads';
import { runStreamWorker } from '../src/replica/stream-worker.js';
import type { WorkerEnd } from '../src/replica/worker-end.js';
import type { WorkerTask } from '../src/replica/worker-messages.js';

export default function run({ task, port }: { task: WorkerTask; port: MessagePort }): Promise<WorkerEnd> {
  return runStreamWorker(task, port);
}
