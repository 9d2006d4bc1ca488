import { setImmediate, setTimeout } from 'node:timers/promises';

/** Time as the load sees it; tests bring their own. */
export interface LoadClock {
  /** Milliseconds with a fraction, from any fixed point. */
  nowMs(): number;
  /** Resolves at that time or soon after, and lets replies in meanwhile. */
  until(timeMs: number): Promise<void>;
}

export const realClock: LoadClock = {
  nowMs: () => performance.now(),
  until: async (timeMs) => {
    // A timer's grain is a millisecond; below that, turns of the event loop are finer.
    const waitMs = Math.floor(timeMs - performance.now());
    await (waitMs >= 1 ? setTimeout(waitMs) : setImmediate());
  },
};
