import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { parseBenchOptions } from '../options/bench-options.js';
import { ClientFed } from '../techniques/client-fed.js';
import { type BenchJob, createJob } from '../workloads/bench-job.js';
import type { KvMix } from '../workloads/kv.js';
import type { Resources } from './resources.js';

/** Of every psmr in the comparisons. */
export const STREAMS = 2;
/** Commands made in advance, of those that are measured. */
const COMMANDS_MAX = 200_000;
const COMMANDS_PER_KEY = 2;

/** What loads have in common where a wish says nothing else. */
export interface KvLoadSize {
  readonly keys: number;
  readonly clients: number;
  /** Commands of a call. */
  readonly batch: number;
  /** Per client. */
  readonly outstanding: number;
}

export interface KvLoadWish {
  /** Default: w, writes only. */
  readonly mix?: KvMix;
  readonly clients?: number;
  readonly batch?: number;
  readonly outstanding?: number;
  /** Commands per second of an open loop; default: a closed loop. */
  readonly rate?: number;
}

/** Batching clients on threads of their own, one by default, connected, with the state filled. */
export async function startKvLoad(
  { options, resources }: { readonly options: KvLoadSize; readonly resources: Resources },
  replicas: readonly string[],
  wish: KvLoadWish = {},
  threads = 1,
): Promise<ClientFed> {
  const job = kvJob(options, wish);
  const variant = { technique: 'p-smr', durability: 'sync', streams: STREAMS } as const;
  const clients = new ClientFed(variant, job, { replicas }, threads);
  resources.onClose(() => clients.stop());
  await clients.prepare();
  return clients;
}

/** 32-byte values. */
export function kvJob({ keys, clients, batch, outstanding }: KvLoadSize, wish: KvLoadWish = {}): BenchJob {
  const map = createPartitionMap({ streams: STREAMS }).toJson();
  const commandsMax = Math.min(COMMANDS_MAX, COMMANDS_PER_KEY * keys);
  const options = parseBenchOptions({
    ...{ workload: 'kv', feed: 'clients', technique: 'p-smr', streams: STREAMS, valueBytes: 32 },
    ...{ mix: 'w', keys, clients, batch, outstanding },
    ...wish,
  });
  return createJob({ options, map, spinsPerUs: 0, commandsMax });
}
