/** Ctrl-C and SIGTERM: they end the process, unless a command wants to close what it has open first. */
import { Exit } from './exit-codes.js';

let waiting: ((signal: NodeJS.Signals) => void) | null = null;

export function handleInterruption(): void {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => interrupt(signal));
}

/** Resolves at the first interruption, which then does not end the process; a second one does. */
export function interruption(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    waiting = resolve;
  });
}

/** Ends the process as the signal would have. */
export function endInterrupted(signal: NodeJS.Signals): never {
  process.exit(signal === 'SIGTERM' ? Exit.terminated : Exit.interrupted);
}

function interrupt(signal: NodeJS.Signals): void {
  if (waiting === null) endInterrupted(signal);
  waiting(signal);
  waiting = null;
}
