import type { MessagePort } from 'node:worker_threads';
import { PartitionMap } from '../classifier/partition-map.js';
import { nowUs } from '../clock.js';
import type { Service } from '../service/command.js';
import { installDeterminismGuard, type DeterminismGuard } from '../service/determinism-guard.js';
import { loadService } from '../service/load-service.js';
import { GroupWorker, openStorage, partOf, type GroupStorage, type NodeHost } from './group-worker.js';
import { CheckpointPace } from './checkpoint-pace.js';
import { restoreChunk, writePartition } from './partition-writer.js';
import { StreamNode } from './stream-node.js';
import { endOf, type WorkerEnd } from './worker-end.js';
import type { WorkerTask } from './worker-messages.js';

/** Runs one stream on the calling thread until the engine stops. */
export function runStreamWorker(task: WorkerTask, port: MessagePort): Promise<WorkerEnd> {
  return endOf(async (stray) => {
    // Before the service is loaded: what it takes hold of at import is guarded too.
    const guard = installDeterminismGuard();
    const service = await loadService(task.serviceUrl);
    const storage = await openStorage(task);
    const worker = new GroupWorker(task, port, storage);
    await worker.serve(() => streamNode(task, worker, storage, service, guard), stray);
  });
}

/** The stream's node, with the state of the checkpoint to start from. */
export function streamNode(
  task: WorkerTask,
  worker: NodeHost,
  storage: GroupStorage,
  service: Service,
  guard: DeterminismGuard,
  clock = nowUs,
): StreamNode {
  const node: StreamNode = new StreamNode({
    stream: task.group,
    replica: task.replica,
    service,
    map: PartitionMap.fromJson(task.partitionMap),
    limits: task.limits,
    guard,
    control: worker.control,
    counters: worker.counters,
    recording: worker.recording ?? null,
    links: task.links,
    log: storage.log,
    wake: worker.cycle.wake,
    nowMs: () => guard.realNow(),
    nowUs: clock,
    checkpoint: (index, nextEntry) => {
      const { values, sessions, events, timestampMs } = node.executor;
      worker.writePart(index, nextEntry, timestampMs, (writer, place) =>
        writePartition(values, sessions, events, writer, place, new CheckpointPace(() => worker.cycle.busyUs)),
      );
    },
  });
  const part = partOf(task);
  storage.log.startFrom(part?.nextIndex ?? 1);
  if (part !== null && task.checkpoint !== null) {
    const { values, sessions, events } = node.executor;
    for (const chunk of storage.checkpoints.read(task.checkpoint.id, task.group))
      restoreChunk(chunk, values, sessions, events);
    node.executor.resumeFrom(part.nextIndex, task.checkpoint.id, part.timestampMs);
  }
  return node;
}
