/** What callers are told where no server answered. */
import { PsmrError } from '../errors.js';

export function outcomeUnknown(why: string, cause?: PsmrError): PsmrError {
  return new PsmrError(
    'OUTCOME_UNKNOWN',
    `The command was sent but not answered: ${why}. It may or may not have been executed: read the state to find out before sending it again.`,
    cause === undefined ? {} : { cause },
  );
}

export function unanswered(timeoutMs: number, last: PsmrError | null): string {
  const lastly = last === null ? '' : ` (${last.message})`;
  return `no answer came within requestTimeoutMs, ${timeoutMs} ms${lastly}`;
}

export function unreachable(why: string): PsmrError {
  return new PsmrError(
    'UNREACHABLE',
    `The command was not executed: ${why}. Check that the server is up and try again.`,
  );
}

export function clientClosed(): PsmrError {
  return new PsmrError('CLIENT_CLOSED', 'The command was not sent: this client is closed. Make a new one.');
}

/** What a call that may have been executed gets where the client is finished for `error`. */
export function ended(error: PsmrError): PsmrError {
  // The engine's own end says it all; anything else leaves open what became of the command.
  return error.code.startsWith('ENGINE_') ? error : outcomeUnknown(error.message, error);
}
