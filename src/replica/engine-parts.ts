/** What an engine is made from, and what must be so before its workers may start. */
import { createPartitionMap } from '../classifier/create-partition-map.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import type { PsmrError } from '../errors.js';
import type { Service } from '../service/command.js';
import { loadService } from '../service/load-service.js';
import type { CheckpointStore } from '../storage/checkpoint-store.js';
import { openDataDir, type DataDir } from '../storage/data-dir.js';
import { checkpointDirectory } from '../storage/data-paths.js';
import { MemoryCheckpointStore } from '../storage/memory-checkpoint-store.js';
import { ClusterSeat, type ClusterSeatOptions } from './cluster-seat.js';
import type { EngineOptions, ResolvedEngineOptions } from './engine-options.js';
import { guardedListener } from './guarded-listener.js';
import { joinCluster, type Joined } from './join-cluster.js';
import type { ReplicaSettings } from './replica-settings.js';
import { WorkerPool } from './worker-pool.js';

export interface EngineParts {
  readonly service: Service;
  readonly map: PartitionMap;
  readonly dataDir: DataDir | null;
  readonly store: CheckpointStore;
  /** Null: it is replica of nothing. */
  readonly replica: ReplicaParts | null;
  readonly startPool: (...args: ConstructorParameters<typeof WorkerPool>) => WorkerPool;
}

export interface ReplicaParts extends Joined {
  readonly settings: ReplicaSettings;
  readonly dataDir: string;
  readonly problem: (problem: PsmrError) => void;
  readonly notice: (sentence: string) => void;
  readonly takeSeat: (options: ClusterSeatOptions) => ClusterSeat;
}

/** A replica waits here until it may take part in its cluster. Rejects as `Engine.start` does. */
export async function openEngineParts(resolved: ResolvedEngineOptions, options: EngineOptions): Promise<EngineParts> {
  const service = await loadService(resolved.serviceUrl);
  const map = createPartitionMap(resolved.partitioning);
  if (resolved.dataDir === null)
    return { service, map, dataDir: null, store: new MemoryCheckpointStore(), replica: null, startPool };
  const identity = { service: service.name, streams: map.streams, partitionMap: map.toJson() };
  const dataDir = openDataDir(resolved.dataDir, identity);
  let replica: ReplicaParts | null = null;
  try {
    replica = await replicaParts(
      resolved.replica,
      { service: service.name, epoch: map.epoch, dataDir: dataDir.path },
      options,
    );
    return { service, map, dataDir, store: await openCheckpoints(dataDir.path), replica, startPool };
  } catch (error) {
    await replica?.http.close();
    dataDir.release();
    throw error;
  }
}

/** What `make` makes of them; where it throws, they are closed. */
export async function madeOf<T>(parts: EngineParts, make: (parts: EngineParts) => T): Promise<T> {
  try {
    return make(parts);
  } catch (error) {
    await parts.replica?.http.close();
    await parts.store.close();
    parts.dataDir?.release();
    throw error;
  }
}

async function replicaParts(
  settings: ReplicaSettings | null,
  own: { readonly service: string; readonly epoch: number; readonly dataDir: string },
  options: EngineOptions,
): Promise<ReplicaParts | null> {
  if (settings === null) return null;
  const problem = guardedListener('onProblem', (heard: PsmrError) => options.onProblem?.(heard));
  const notice = guardedListener('onNotice', (heard: string) => options.onNotice?.(heard));
  const signal = options.signal ?? new AbortController().signal;
  const joined = await joinCluster(settings, { ...own, onProblem: problem, signal });
  return { settings, dataDir: own.dataDir, ...joined, problem, notice, takeSeat };
}

const startPool: EngineParts['startPool'] = (...args) => new WorkerPool(...args);

const takeSeat: ReplicaParts['takeSeat'] = (options) => new ClusterSeat(options);

/** LMDB is loaded where there is a disk. */
async function openCheckpoints(dataDir: string): Promise<CheckpointStore> {
  const { LmdbCheckpointStore } = await import('../storage/lmdb-checkpoint-store.js');
  return LmdbCheckpointStore.open(checkpointDirectory(dataDir), { check: true });
}
