/** Control messages between the engine (main thread) and its workers. Commands never travel this way. */
import type { PartitionMapJson } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import type { ControlBlockMemory } from '../memory/control-block.js';
import type { RecordingsMemory } from '../memory/recordings.js';
import type { CheckpointManifest, PartManifest } from '../storage/checkpoint-store.js';
import type { EndpointOptions } from '../transport/endpoint.js';
import type { Welcome } from '../transport/handshake.js';
import type { Membership } from '../ordering/group-log.js';
import type { RaftStatus } from '../ordering/raft/raft-group-log-options.js';
import type { PeerAddress } from '../transport/peer-links.js';
import type { GroupReplication } from './replicated-log.js';
import type { RingClientMemory } from './ring-client.js';
import type { LinkMemory } from './stream-links.js';

export type Durability = 'memory' | 'async' | 'sync';

/** What a worker is started with. */
export interface WorkerTask {
  readonly group: number;
  /** This replica's number; 0: nothing is replicated. */
  readonly replica: number;
  /** Null: nothing is replicated. */
  readonly replication: GroupReplication | null;
  readonly serviceUrl: string;
  readonly partitionMap: PartitionMapJson;
  readonly limits: Limits;
  readonly control: ControlBlockMemory;
  readonly counters: SharedArrayBuffer;
  /** Absent: nothing but the counters is recorded. */
  readonly recordings?: RecordingsMemory | null;
  readonly links: LinkMemory;
  readonly spinUs: number;
  readonly dataDir: string | null;
  readonly durability: Durability;
  /** The checkpoint to start from. */
  readonly checkpoint: CheckpointManifest | null;
}

export type ToWorker =
  /** All workers are ready: replay may begin. */
  | { readonly type: 'go' }
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
  /** Replicated groups only, as the following. */
  | { readonly type: 'set-peers'; readonly peers: readonly PeerAddress[] }
  | { readonly type: 'move-leader'; readonly to: number }
  | { readonly type: 'change-members'; readonly members: Membership }
  /** What clients are told of the replicas has changed. */
  | { readonly type: 'replicas'; readonly replicas: Welcome['replicas'] }
  /** Somebody else is to lead; answered by `handed-over` in any case. */
  | { readonly type: 'hand-over' }
  | { readonly type: 'stop' };

export type FromWorker =
  /** State and log are loaded. */
  | { readonly type: 'ready' }
  /** What was known at the start to be committed has been executed. */
  | { readonly type: 'recovered' }
  | { readonly type: 'listening'; readonly port: number }
  | { readonly type: 'unlistened' }
  /** It cannot go on, and begins to close what it holds open: that takes as long as the disk does not answer. */
  | { readonly type: 'failed'; readonly code: string; readonly message: string }
  /** In place of `listening`. */
  | { readonly type: 'listen-failed'; readonly code: string; readonly message: string }
  /** Group 0 has proposed the checkpoint asked for. */
  | { readonly type: 'checkpoint-ordered'; readonly index: number }
  /** It has not, or what it proposed was lost: another replica (0: not known) leads group 0. */
  | { readonly type: 'checkpoint-refused'; readonly leader: number }
  | { readonly type: 'part'; readonly checkpoint: number; readonly part: PartManifest }
  /** The part before it is still being written. */
  | { readonly type: 'part-skipped'; readonly checkpoint: number; readonly part: number }
  /** Replicated groups only, as the following: now and then, and whenever the leader has changed. */
  | {
      readonly type: 'raft-status';
      readonly status: RaftStatus;
      readonly firstIndex: number;
      readonly reachable: readonly number[];
    }
  /** This replica is too far behind: it has to fetch a checkpoint, best from this one. */
  | { readonly type: 'checkpoint-needed'; readonly from: number }
  /** These commands have kept their stream for long, us. */
  | { readonly type: 'slow'; readonly names: readonly string[]; readonly commands: number; readonly us: number }
  | { readonly type: 'handed-over' }
  /** `peer`: the group has no link to it. */
  | { readonly type: 'problem'; readonly code: string; readonly message: string; readonly peer?: number };
