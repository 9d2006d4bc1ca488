import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { type BenchOptions, parseBenchOptions } from '../options/bench-options.js';
import { ClientFed } from '../techniques/client-fed.js';
import { createJob } from '../workloads/bench-job.js';
import type { KvMix } from '../workloads/kv.js';
import { STREAMS } from './replica-processes.js';
import type { ReplicationOptions } from './options.js';
import type { Setting } from './row.js';

const COMMANDS_MAX = 200_000;

export interface KvLoadOptions {
  /** Default: w, writes only. */
  readonly mix?: KvMix;
  readonly clients?: number;
  readonly batch?: number;
  readonly outstanding?: number;
  /** Commands per second of an open loop; default: a closed loop. */
  readonly rate?: number;
}

/** Batching clients on a thread of their own, connected, with the state filled. */
export async function startKvLoad(
  { options, resources }: Setting,
  replicas: readonly string[],
  wish: KvLoadOptions = {},
): Promise<ClientFed> {
  const load = kvOptions(options, wish);
  const map = createPartitionMap({ streams: STREAMS }).toJson();
  const job = createJob({ options: load, map, spinsPerUs: 0, commandsMax: COMMANDS_MAX });
  const variant = { technique: 'p-smr', durability: 'sync', streams: STREAMS } as const;
  const clients = new ClientFed(variant, job, { replicas }, 1);
  resources.onClose(() => clients.stop());
  await clients.prepare();
  return clients;
}

/** 32-byte values. */
export function kvOptions(options: ReplicationOptions, wish: KvLoadOptions): BenchOptions {
  const { clients, batch, outstanding, keys } = options;
  return parseBenchOptions({
    ...{ workload: 'kv', feed: 'clients', technique: 'p-smr', streams: STREAMS, valueBytes: 32 },
    ...{ mix: 'w', keys, clients, batch, outstanding },
    ...wish,
  });
}
