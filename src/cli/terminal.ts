/** Results go to stdout, everything else to stderr. */
import { messageOf, PsmrError } from '../errors.js';
import { interrupt } from './interruption.js';

/** Whoever read our output has gone: there is nobody left to tell, so end without a word. */
export function endQuietlyWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    if (!interrupt('SIGPIPE')) process.exit(0);
  });
  process.stderr.on('error', () => undefined);
}

export function printResult(text: string): void {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`);
}

export function printProgress(line: string): void {
  process.stderr.write(`psmr: ${line}\n`);
}

/** One sentence, or with `json` one object. The stack only where PSMR_DEBUG=1 asks for it. */
export function printError(thrown: unknown, json: boolean): void {
  const code = thrown instanceof PsmrError ? thrown.code : 'UNEXPECTED';
  const message = messageOf(thrown);
  const details = thrown instanceof PsmrError ? thrown.details : {};
  process.stderr.write(
    json ? `${JSON.stringify({ error: { code, message, details } })}\n` : `psmr: ${code}: ${message}\n`,
  );
  if (process.env['PSMR_DEBUG'] === '1' && thrown instanceof Error) process.stderr.write(`${stackOf(thrown)}\n`);
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
