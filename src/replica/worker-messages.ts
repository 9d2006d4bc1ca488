/** Control messages between the engine (main thread) and its workers. Commands never travel this way. */
import type { PartitionMapJson } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import type { ControlBlockMemory } from '../memory/control-block.js';
import type { CheckpointManifest, PartManifest } from '../storage/checkpoint-store.js';
import type { EndpointOptions } from '../transport/endpoint.js';
import type { Welcome } from '../transport/handshake.js';
import type { RingClientMemory } from './ring-client.js';
import type { LinkMemory } from './stream-links.js';

export type Durability = 'memory' | 'async' | 'sync';

/** What a worker is started with. */
export interface WorkerTask {
  readonly group: number;
  readonly serviceUrl: string;
  readonly partitionMap: PartitionMapJson;
  readonly limits: Limits;
  readonly control: ControlBlockMemory;
  readonly counters: SharedArrayBuffer;
  readonly links: LinkMemory;
  readonly spinUs: number;
  readonly dataDir: string | null;
  readonly durability: Durability;
  /** The checkpoint to start from. */
  readonly checkpoint: CheckpointManifest | null;
}

export type ToWorker =
  /** Recovery may end: group 0 first fills its log with no-ops up to this index (invariant I3). */
  | { readonly type: 'go'; readonly fillTo: number }
  | { readonly type: 'add-client'; readonly client: RingClientMemory }
  | { readonly type: 'add-feed'; readonly client: RingClientMemory }
  | {
      readonly type: 'listen';
      readonly endpoint: EndpointOptions;
      readonly service: string;
      readonly token: string | null;
    }
  /** Closes the endpoint, if there is one; answered by `unlistened`. */
  | { readonly type: 'unlisten' }
  | { readonly type: 'welcome'; readonly welcome: Omit<Welcome, 'group' | 'nowMs'> }
  | { readonly type: 'checkpoint' }
  | { readonly type: 'truncate'; readonly below: number }
  | { readonly type: 'stop' };

export type FromWorker =
  /** State and log are loaded. */
  | { readonly type: 'ready'; readonly lastIndex: number; readonly lastMergePoint: number }
  /** The log that was there at the start has been executed. */
  | { readonly type: 'recovered' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'unlistened' }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  | { readonly type: 'part'; readonly checkpoint: number; readonly part: PartManifest };
