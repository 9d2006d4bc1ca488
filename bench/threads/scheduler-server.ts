/**
 * Thread entry point: sp-smr, fed by clients. This thread orders the commands of all clients and hands them to an
 * engine's workers through its totally ordered feed. Hosted by piscina.
 */
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { ResultBatch } from '../../src/execution/result-batch.js';
import { Engine } from '../../src/replica/engine.js';
import type { FeedCommand } from '../../src/replica/feed.js';
import type { CommandsFrame } from '../../src/transport/frames.js';
import { FrameServer } from '../targets/frame-server.js';
import type { FrameServerCalls, FrameServerTask } from '../targets/thread-target.js';
import type { ThreadStart } from './bench-threads.js';
import { answerCalls } from './thread-calls.js';

const GROUP = 1;

export default async function run({ task, port }: ThreadStart<FrameServerTask>): Promise<void> {
  const engine = await Engine.start({ service: task.service, streams: task.streams });
  const feed = engine.feed();
  const server = new FrameServer(task, (frame, link) => {
    void feed.append({ commands: commandsOf(frame) }).then((outcomes) => {
      const results = new ResultBatch();
      for (const outcome of outcomes) {
        if (outcome.ok) results.succeed(outcome.value);
        else results.fail(outcome.error);
      }
      link.send(results.encode(GROUP, frame.firstSequence, frame.flags));
      server.wake();
    });
  });
  const died = engine.failure.then((error) => Promise.reject(error));
  const calls: FrameServerCalls = { open: () => Promise.resolve() };
  try {
    await answerCalls(port, calls, Promise.race([server.failure, died]));
  } finally {
    server.end();
    await engine.stop();
  }
}

function commandsOf({ segments }: CommandsFrame): FeedCommand[] {
  return segments.flatMap(({ body, count }) => {
    const { names, indexes, args } = decodeCommandBatch(body, count);
    return args.map((each, at): FeedCommand => [names[indexes[at] ?? 0] ?? '', each]);
  });
}
