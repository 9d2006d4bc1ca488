/** Clocks for what is recorded: taken before the determinism guard replaces them, so that they may run beside handlers. */
import { performance } from 'node:perf_hooks';

const now = performance.now.bind(performance);
const { timeOrigin, nodeTiming } = performance;

export function recordingUs(): number {
  return now() * 1000;
}

/** What to add to a thread's own clock for one that is the same in all threads: us since 1970, never set back. */
export const SHARED_FROM_OWN_US = timeOrigin * 1000;

/** How long this thread's event loop has waited for something to happen, us. */
export function loopIdleUs(): number {
  return nodeTiming.idleTime * 1000;
}
