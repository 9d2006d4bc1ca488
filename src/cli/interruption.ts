/** Ctrl-C and SIGTERM: they end the process, unless a command wants to close what it has open first. */
import { Exit } from './exit-codes.js';

type Signal = 'SIGINT' | 'SIGTERM';

let waiting: ((signal: Signal) => void) | null = null;

export function handleInterruption(): void {
  process.on('SIGINT', () => interrupt('SIGINT', Exit.interrupted));
  process.on('SIGTERM', () => interrupt('SIGTERM', Exit.terminated));
}

/** Resolves at the first interruption, which then does not end the process; a second one does. */
export function interruption(): Promise<Signal> {
  return new Promise((resolve) => {
    waiting = resolve;
  });
}

function interrupt(signal: Signal, exit: Exit): void {
  if (waiting === null) process.exit(exit);
  waiting(signal);
  waiting = null;
}
