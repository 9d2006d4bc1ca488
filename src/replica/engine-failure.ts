import { PsmrError } from '../errors.js';

/** Why an engine has stopped by itself. What the disk refused is mended at the disk: it keeps its code, for people and for exit codes. */
export function engineFailure(reason: string, cause: unknown, details: Record<string, unknown>): PsmrError {
  const isDisk = cause instanceof PsmrError && cause.code === 'STORAGE_FAILED';
  const code = isDisk ? cause.code : 'ENGINE_FAILED';
  return new PsmrError(code, `The engine has stopped because ${reason}`, { cause, details });
}
