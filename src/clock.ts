/**
 * The monotonic clock of this thread, taken before the determinism guard replaces it, so that it may be read beside
 * handlers. Bound once: what looks `performance` up each time takes half as long again, several times at each turn.
 */
import { performance } from 'node:perf_hooks';

/** Milliseconds since this thread began, with fractions. */
export const nowMs: () => number = performance.now.bind(performance);

/** The same in us. */
export function nowUs(): number {
  return nowMs() * 1000;
}
