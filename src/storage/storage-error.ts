import { PsmrError, messageOf } from '../errors.js';

/** The advice about damage where there is but one copy of the data. */
export const RESTORE = ' Restore the data directory from a copy, or start with an empty one.';

/** Damaged bytes. `offset`: where in the file, in bytes. */
export function corrupt(file: string, offset: number, what: string): PsmrError {
  return new PsmrError(
    'DATA_CORRUPT',
    `${file} is damaged at byte ${offset}: ${what}. Nothing was changed.${RESTORE}`,
    { details: { file, offset } },
  );
}

/** A file that psmr did not write. */
export function foreign(file: string, what: string): PsmrError {
  return new PsmrError(
    'DATA_FOREIGN',
    `${file} is not psmr's: ${what}. Move it away, or choose another data directory.`,
    {
      details: { file },
    },
  );
}

/** Data of something else than what is being started. */
export function mismatch(file: string, what: string, details: Record<string, unknown> = {}): PsmrError {
  return new PsmrError(
    'DATA_MISMATCH',
    `${what}. Start with what the data was made for, or choose another data directory.`,
    {
      details: { file, ...details },
    },
  );
}

/** It would be in a log that is closed, or is being closed: neither kept nor answered. */
export function logClosed(): PsmrError {
  return new PsmrError(
    'ENGINE_STOPPED',
    'The log was closed, because its engine stops: it takes nothing more. Start the engine again.',
  );
}

/** The disk, or the operating system, refused. */
export function storageFailed(file: string, cause: unknown): PsmrError {
  return new PsmrError(
    'STORAGE_FAILED',
    `${file} cannot be written or read: ${messageOf(cause)}. Check the disk's space, permissions and health, then start again.`,
    { cause, details: { file } },
  );
}
