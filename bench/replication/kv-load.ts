import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { type BenchOptions, parseBenchOptions } from '../options/bench-options.js';
import { ClientFed } from '../techniques/client-fed.js';
import { createJob } from '../workloads/bench-job.js';
import type { KvMix } from '../workloads/kv.js';
import { STREAMS } from './replica-processes.js';
import type { ReplicationOptions } from './options.js';
import type { Setting } from './row.js';

/** Commands made in advance, of those that are measured. */
const COMMANDS_MAX = 200_000;
const COMMANDS_PER_KEY = 2;

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
  const commandsMax = Math.min(COMMANDS_MAX, COMMANDS_PER_KEY * options.keys);
  const job = createJob({ options: load, map, spinsPerUs: 0, commandsMax });
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
