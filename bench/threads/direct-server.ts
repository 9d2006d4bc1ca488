/** Thread entry point: no-rep, fed by clients. Hosted by piscina. */
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { installDeterminismGuard } from '../../src/service/determinism-guard.js';
import { loadService } from '../../src/service/load-service.js';
import { DirectExecutor } from '../execution/direct-executor.js';
import { FrameServer } from '../targets/frame-server.js';
import type { FrameServerCalls, FrameServerTask } from '../targets/thread-target.js';
import type { ThreadStart } from './bench-threads.js';
import { answerCalls } from './thread-calls.js';

const GROUP = 1;

export default async function run({ task, port }: ThreadStart<FrameServerTask>): Promise<void> {
  const guard = installDeterminismGuard();
  const executor = new DirectExecutor(await loadService(task.service), createPartitionMap({ streams: 1 }), guard);
  const server = new FrameServer(task, (frame, link) => {
    const results = executor.execute(frame, guard.realNow());
    link.send(results.encode(GROUP, frame.firstSequence, frame.flags));
  });
  const calls: FrameServerCalls = { open: () => Promise.resolve() };
  try {
    await answerCalls(port, calls, server.failure);
  } finally {
    server.end();
  }
}
