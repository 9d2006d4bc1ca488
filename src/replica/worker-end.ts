import { errorFromWire, messageOf, PsmrError } from '../errors.js';

/** How a worker ended; null: as it was told to. An Error that crosses threads would lose its code on the way. */
export type WorkerEnd = { readonly code: string; readonly message: string } | null;

/**
 * Runs a worker to its end, on its own thread. `stray` rejects with what the service does outside its handlers: a timer
 * that throws, a promise that nobody awaits, `process.exit`. A thread that just ended, with sockets open, would take
 * the whole process with it.
 */
export async function endOf(serve: (stray: Promise<never>) => Promise<void>): Promise<WorkerEnd> {
  try {
    await serve(strayErrors());
    return null;
  } catch (error) {
    return endBy(error);
  }
}

/** What the main thread is told of an error that ends a worker. */
export function endBy(error: unknown): NonNullable<WorkerEnd> {
  return { code: error instanceof PsmrError ? error.code : 'ENGINE_FAILED', message: messageOf(error) };
}

/** Why a worker that was not asked to end has ended. */
export function failureOf(end: WorkerEnd): PsmrError {
  if (end === null) return new PsmrError('ENGINE_FAILED', 'the worker ended without being asked to');
  return errorFromWire(end.code, end.message);
}

/** For as long as the thread lives: also what comes while it closes must not end it in a hurry. */
function strayErrors(): Promise<never> {
  const stray = new Promise<never>((_, reject) => {
    process.on('uncaughtException', reject);
    process.exit = (code) => {
      throw new PsmrError('ENGINE_FAILED', `the service called process.exit(${code ?? ''})`);
    };
  });
  // Whoever awaits it may come later.
  stray.catch(() => undefined);
  return stray;
}
