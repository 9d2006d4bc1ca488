/**
 * What to do about damaged data of a replica. A copy would be an old disk: what the replica has acknowledged since would
 * be missing in it.
 */
import { PsmrError } from '../errors.js';
import { readReplica } from '../replica/replica-memory.js';
import { RESTORE } from '../storage/storage-error.js';

/** `how` leads to the command. */
export function withRebuild(error: PsmrError, id: number | 'ID', how: string): PsmrError {
  return new PsmrError(
    error.code,
    `${error.message.replace(RESTORE, '')} Do not restore a copy: ${how} psmr replica --config FILE --id ${id} --rebuild.`,
    { cause: error, details: { ...error.details } },
  );
}

/** The same error, with the advice that fits where `dataDir`, maybe a copy, is a replica's. */
export function insteadOfCopy(dataDir: string, error: PsmrError): PsmrError {
  if (!error.message.includes(RESTORE)) return error;
  const id = replicaOf(dataDir);
  return id === null ? error : withRebuild(error, id, 'a replica gets its data anew from the others with');
}

/** `ID`: a replica's, but nobody can read whose. */
function replicaOf(dataDir: string): number | 'ID' | null {
  try {
    return readReplica(dataDir)?.replica ?? null;
  } catch {
    return 'ID';
  }
}
