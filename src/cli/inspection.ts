/** What is in a data directory. Reads only: takes no lock, creates nothing, changes nothing. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PartitionMap } from '../classifier/partition-map.js';
import { messageOf, PsmrError } from '../errors.js';
import { readReplica, type StoredReplica } from '../replica/replica-memory.js';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import { readCheckpoints } from '../storage/checkpoint-reading.js';
import { readIdentity } from '../storage/data-dir.js';
import { checkpointDirectory, groupDirectory } from '../storage/data-paths.js';
import { lockHolder } from '../storage/data-lock.js';
import { checkNoLogMissing } from '../storage/missing-logs.js';
import { storageFailed } from '../storage/storage-error.js';
import { summarizeLog, type LogSummary } from './log-summary.js';
import { insteadOfCopy } from './rebuild-advice.js';

export interface Inspection {
  readonly path: string;
  /** Null: the directory is not a replica's. */
  readonly replica: InspectedReplica | null;
  readonly service: string;
  readonly streams: number;
  /** By which key classes are placed; `stream` 0: everywhere, -1: by hash. */
  readonly classes: readonly { readonly prefix: string; readonly stream: number }[];
  /** Stands for the partition map in logs and frames. */
  readonly epoch: number;
  /** The process that has the directory open; null: none. */
  readonly openedBy: number | null;
  readonly groups: readonly LogSummary[];
  readonly checkpoints: {
    readonly complete: readonly CheckpointManifest[];
    readonly unfinishedChunks: number;
  };
}

export interface InspectedReplica {
  readonly id: number;
  readonly cluster: string;
  /** The replicas that the cluster was formed of; null: it has not taken part yet. */
  readonly formedOf: readonly number[] | null;
  /** It is being rebuilt: to be added to every group again. */
  readonly rejoining: boolean;
}

/** While an engine writes, a look may fall between two of its steps: then another look is taken. */
const LOOKS_MAX = 5;

/** Throws INVALID_ARGUMENT, DATA_FOREIGN, DATA_CORRUPT, DATA_MISMATCH, STORAGE_FAILED. `progress` hears what is being read. */
export function inspectDataDir(dataDir: string, progress: (line: string) => void): Inspection {
  const path = resolve(dataDir);
  if (!existsSync(path)) throw new PsmrError('INVALID_ARGUMENT', `There is no data directory ${path}.`);
  for (let look = 1; ; look++) {
    const openedBy = lockHolderOf(path);
    try {
      return lookAt(path, openedBy, progress);
    } catch (thrown) {
      if (openedBy === null || look === LOOKS_MAX) throw insteadOfCopy(path, typed(path, thrown));
      // Nobody knows whether it did: damage looks the same until no further look finds it gone.
      progress(`process ${openedBy} has it open, and may have written during this look: looking again`);
    }
  }
}

function lockHolderOf(path: string): number | null {
  try {
    return lockHolder(path);
  } catch (thrown) {
    throw typed(path, thrown);
  }
}

function typed(path: string, thrown: unknown): PsmrError {
  return thrown instanceof PsmrError ? thrown : storageFailed(path, messageOf(thrown));
}

function lookAt(path: string, openedBy: number | null, progress: (line: string) => void): Inspection {
  const { service, streams, partitionMap } = readIdentity(path);
  const map = PartitionMap.fromJson(partitionMap);
  const replica = readReplica(path);
  const names = ['sync', ...map.names];
  checkNoLogMissing(names.map((_, group) => groupDirectory(path, group)));
  const groups = names.map((name, group) => {
    progress(`reading the log of ${group === 0 ? 'group 0' : `stream ${name}`}`);
    return summarizeLog(path, { group, name, epoch: map.epoch, replica });
  });
  progress('reading the checkpoints');
  const checkpoints = readCheckpoints(checkpointDirectory(path));
  const { classes } = map.toJson();
  const { epoch } = map;
  return { path, replica: described(replica), service, streams, classes, epoch, openedBy, groups, checkpoints };
}

function described(replica: StoredReplica | null): InspectedReplica | null {
  if (replica === null) return null;
  const { formed, rejoining, cluster } = replica;
  const formedOf = formed === null ? null : Object.keys(formed).map(Number);
  return { id: replica.replica, cluster, formedOf, rejoining };
}
