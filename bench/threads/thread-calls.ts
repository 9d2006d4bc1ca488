/** How the main thread of a benchmark asks its other threads for something: one message per call, one per answer. */
import type { MessagePort } from 'node:worker_threads';
import { messageOf, PsmrError } from '../../src/errors.js';

/** What a thread can be asked, by name: one argument at most. */
export type ThreadCalls = Readonly<Record<string, (argument: never) => unknown>>;

export interface Call {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

export type Answer =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

/** The call that ends a thread; all others have ended by then. */
export const STOP = 'stop';

/** Answers calls until `stop` is called. Rejects when `failure` does: then the thread cannot go on. */
export async function answerCalls(
  port: MessagePort,
  calls: ThreadCalls,
  failure: Promise<never> = new Promise(() => undefined),
): Promise<void> {
  const stopped = new Promise<void>((resolve) => {
    port.on('message', (call: Call) => {
      if (call.name === STOP) resolve();
      else void answer(calls, call).then((message) => port.postMessage(message));
    });
  });
  try {
    await Promise.race([stopped, failure]);
  } finally {
    port.close();
  }
}

async function answer(calls: ThreadCalls, { id, name, argument }: Call): Promise<Answer> {
  try {
    const call = calls[name];
    if (call === undefined) throw new Error(`broken invariant: this thread answers no '${name}'`);
    return { id, ok: true, value: await call(argument as never) };
  } catch (error) {
    const code = error instanceof PsmrError ? error.code : '';
    return { id, ok: false, code, message: messageOf(error) };
  }
}
