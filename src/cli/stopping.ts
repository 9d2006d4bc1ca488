/** How a command that serves ends. */
import { messageOf } from '../errors.js';
import { endInterrupted } from './interruption.js';
import { printProgress } from './terminal.js';

/** An engine gives its workers 10 s to close what they hold open, and then ends them. */
const STOP_WITHIN_MS = 15_000;

/**
 * Stops an engine. Where that takes too long the process is ended with a sentence: a thread that waits for a disk which
 * does not answer can be ended by nobody in the process. `failure`: why it is stopped; null: it was asked to.
 */
export async function stopOrEnd(engine: { stop(): Promise<void> }, failure: unknown = null): Promise<void> {
  const late = setTimeout(() => {
    if (failure !== null) printProgress(messageOf(failure));
    printProgress(
      `it did not stop within ${STOP_WITHIN_MS / 1000} s, most likely because a disk does not answer, and ends now. ` +
        'What was acknowledged is not lost by that. Look at the disk before it is started again.',
    );
    endInterrupted('SIGTERM');
  }, STOP_WITHIN_MS);
  try {
    await engine.stop();
  } finally {
    clearTimeout(late);
  }
}
