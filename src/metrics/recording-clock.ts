/** Clocks for what is recorded: taken before the determinism guard replaces them, so that they may run beside handlers. */
const now = performance.now.bind(performance);
const { timeOrigin } = performance;

export function recordingUs(): number {
  return now() * 1000;
}

/** The same in all threads, ms since 1970, never set back. */
export function sharedMs(): number {
  return timeOrigin + now();
}
