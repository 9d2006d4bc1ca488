/** Ctrl-C and SIGTERM: they end the process, unless a command wants to close what it has open first. */

let waiting: ((signal: NodeJS.Signals) => void) | null = null;

export function handleInterruption(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (!interrupt(signal)) endInterrupted(signal);
    });
  }
}

/** Resolves at the first interruption, which then does not end the process; a second one does. */
export function interruption(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    waiting = resolve;
  });
}

/** Interrupts the command that waits for that; false: none does. */
export function interrupt(signal: NodeJS.Signals): boolean {
  const stop = waiting;
  waiting = null;
  stop?.(signal);
  return stop !== null;
}

/**
 * Lets the signal do what it does where nobody handles it. `process.exit` would end the worker threads first, and
 * Node aborts where these have sockets of uWebSockets.js open.
 */
export function endInterrupted(signal: NodeJS.Signals): void {
  process.removeAllListeners(signal);
  process.kill(process.pid, signal);
}
