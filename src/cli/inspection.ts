/** What is in a data directory. Reads only: takes no lock, creates nothing, changes nothing. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { PartitionMap } from '../classifier/partition-map.js';
import { messageOf, PsmrError } from '../errors.js';
import type { CheckpointManifest } from '../storage/checkpoint-store.js';
import { readCheckpoints } from '../storage/checkpoint-reading.js';
import { readIdentity } from '../storage/data-dir.js';
import { checkpointDirectory } from '../storage/data-paths.js';
import { lockHolder } from '../storage/data-lock.js';
import { storageFailed } from '../storage/storage-error.js';
import { summarizeLog, type LogSummary } from './log-summary.js';

export interface Inspection {
  readonly path: string;
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
      if (openedBy === null || look === LOOKS_MAX) throw typed(path, thrown);
      progress(`an engine is writing (process ${openedBy}): looking again`);
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
  const groups = ['sync', ...map.names].map((name, group) => {
    progress(`reading the log of ${group === 0 ? 'group 0' : `stream ${name}`}`);
    return summarizeLog(path, group, name, map.epoch);
  });
  progress('reading the checkpoints');
  const checkpoints = readCheckpoints(checkpointDirectory(path));
  return { path, service, streams, classes: map.toJson().classes, epoch: map.epoch, openedBy, groups, checkpoints };
}
