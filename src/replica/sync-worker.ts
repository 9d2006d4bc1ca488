import type { MessagePort } from 'node:worker_threads';
import { PartitionMap } from '../classifier/partition-map.js';
import { GroupWorker, openStorage, partOf, type GroupStorage, type NodeHost } from './group-worker.js';
import { restoreChunk, writeSessions } from './partition-writer.js';
import { SyncNode } from './sync-node.js';
import { endOf, type WorkerEnd } from './worker-end.js';
import type { WorkerTask } from './worker-messages.js';

/** Runs group 0 on the calling thread until the engine stops. */
export function runSyncWorker(task: WorkerTask, port: MessagePort): Promise<WorkerEnd> {
  return endOf(async (stray) => {
    const storage = await openStorage(task);
    const worker = new GroupWorker(task, port, storage);
    await worker.serve(() => syncNode(task, worker, storage), stray);
  });
}

/** Group 0's node, with the sessions of the checkpoint to start from. */
export function syncNode(task: WorkerTask, worker: NodeHost, storage: GroupStorage, nowMs = Date.now): SyncNode {
  const part = partOf(task);
  storage.log.startFrom(part?.nextIndex ?? 1);
  const node: SyncNode = new SyncNode(
    {
      replica: task.replica,
      map: PartitionMap.fromJson(task.partitionMap),
      limits: task.limits,
      control: worker.control,
      counters: worker.counters,
      latency: worker.recording?.frames ?? null,
      links: task.links,
      log: storage.log,
      wake: worker.cycle.wake,
      nowMs,
      checkpoint: (index, timestampMs) => {
        worker.writePart(index, index + 1, timestampMs, (writer, place) => writeSessions(node.sessions, writer, place));
      },
      checkpointOrdered: worker.reportOrder,
    },
    part === null ? 0 : part.nextIndex - 1,
  );
  if (part !== null && task.checkpoint !== null) {
    for (const chunk of storage.checkpoints.read(task.checkpoint.id, 0)) restoreChunk(chunk, null, node.sessions, null);
  }
  return node;
}
