/** What threads' clocks have in common, and how they waited; taken before the determinism guard replaces it, as clock.ts is. */
import { performance } from 'node:perf_hooks';

const { timeOrigin, nodeTiming } = performance;

/** What to add to a thread's own clock for one that is the same in all threads: us since 1970, never set back. */
export const SHARED_FROM_OWN_US = timeOrigin * 1000;

/** How long this thread's event loop has waited for something to happen, us. */
export function loopIdleUs(): number {
  return nodeTiming.idleTime * 1000;
}
