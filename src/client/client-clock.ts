/** Time and scheduling as the client needs them; simulation brings its own. */
export interface ClientClock {
  /** Monotonic, ms. */
  now(): number;
  /** In [0, 1): spreads retries. */
  random(): number;
  /** Calls `act` after the code that runs now and what it has made ready, with no delay beyond that. */
  soon(act: () => void): void;
  /** Calls `act` after `delayMs` unless the returned function was called before. */
  after(delayMs: number, act: () => void): () => void;
}

/** In Node the end of the event loop's turn: all that a turn submits travels together. In a browser a microtask. */
const soon: (act: () => void) => void =
  typeof globalThis.setImmediate === 'function' ? (act) => void setImmediate(act) : (act) => queueMicrotask(act);

export const systemClock: ClientClock = {
  now: () => performance.now(),
  random: () => Math.random(),
  soon,
  after: (delayMs, act) => {
    const timer = setTimeout(act, delayMs);
    return () => clearTimeout(timer);
  },
};
