import { decodeReply } from '../../src/client/reply.js';
import { invariant } from '../../src/errors.js';
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { decodeCommandsFrame } from '../../src/transport/frames.js';
import type { ResultCheck } from '../workloads/workload.js';

/** Some commands as a log holds them. */
export interface EncodedCommands {
  readonly body: Uint8Array;
  readonly count: number;
}

export function commandsOf(frame: Uint8Array): readonly EncodedCommands[] {
  return decodeCommandsFrame(frame).segments;
}

/** Throws for the first failed command, and for the first wrong result, of a reply to these commands. */
export function checkReply(commands: readonly EncodedCommands[], reply: Uint8Array, check: ResultCheck): void {
  const results = decodeReply(reply);
  if (results.kind === 'rejected') throw results.error;
  const [failure] = results.failures;
  if (failure !== undefined) throw failure.error;
  let at = 0;
  for (const { body, count } of commands) {
    const { names, indexes, args } = decodeCommandBatch(body, count);
    for (let i = 0; i < count; i++) {
      const wrong = check([names[indexes[i] ?? 0] ?? '', args[i]], results.values[at++]);
      invariant(wrong === null, wrong ?? '');
    }
  }
  invariant(at === results.count, `${at} commands had ${results.count} results`);
}
