/** What `GET /status` answers. */
import { z } from 'zod';
import type { Membership } from '../../ordering/group-log.js';
import type { FollowerProgress, Role } from '../../ordering/raft/raft-types.js';

/**
 * forming: new, waits until all replicas of the cluster are there; rebuilding: its disk was lost, it waits to be added
 * again; fetching: it gets a checkpoint from another; recovering: it executes its logs; removed: it takes
 * part in no group any more.
 */
export const REPLICA_STATES = [
  'forming',
  'rebuilding',
  'fetching',
  'recovering',
  'running',
  'removed',
  'stopping',
  'failed',
] as const;
export type ReplicaState = (typeof REPLICA_STATES)[number];

/** How one replica sees itself and the cluster. Open to everybody who reaches the HTTP endpoint, so without secrets. */
export interface ReplicaStatus {
  /** Its number. */
  readonly replica: number;
  readonly cluster: string;
  readonly service: string;
  /** Of its partition map; null: an older version, which does not say. */
  readonly epoch: number | null;
  readonly state: ReplicaState;
  /** Why it failed, or what it waits for; null: nothing to say. */
  readonly reason: string | null;
  /** While it fetches a checkpoint: bytes. */
  readonly transfer: { readonly from: number; readonly bytes: number; readonly totalBytes: number } | null;
  readonly upMs: number;
  /** Group 0 first. */
  readonly groups: readonly ReplicaGroupStatus[];
  /** The newest complete checkpoint here; null: none. */
  readonly checkpoint: number | null;
  /** The newest checkpoint whose hashes a majority, this replica among them, agrees on; null: none yet. */
  readonly lastAgreedCheckpoint: number | null;
  /** All replicas that it knows, itself among them, by rising id. */
  readonly replicas: readonly KnownReplica[];
  /** See replica/formation.ts. */
  readonly formation: FormationStatus;
}

export interface ReplicaGroupStatus {
  /** 0: the sync group; 1..K: the streams. */
  readonly group: number;
  readonly name: string;
  readonly role: Role | 'learner';
  readonly term: number;
  /** The replica that is believed to lead; 0: not known. */
  readonly leader: number;
  readonly members: Membership;
  /** The oldest index in the log. */
  readonly firstIndex: number;
  /** The newest index in the log. */
  readonly lastIndex: number;
  readonly commitIndex: number;
  readonly executedIndex: number;
  /** Over the last second or so. */
  readonly commandsPerSecond: number;
  /** As leader: how far the others are; else empty. */
  readonly followers: readonly (FollowerProgress & {
    /** Entries that it lacks. */
    readonly lag: number;
  })[];
}

export interface KnownReplica {
  readonly id: number;
  /** Its HTTP endpoint. */
  readonly url: string;
  /** Some group's link to it is up; itself: true. */
  readonly reachable: boolean;
}

export interface FormationStatus {
  /** Drawn at random when the data directory was made. */
  readonly incarnation: string;
  /** The incarnations with which the cluster was formed, by replica; null: this one has not seen it formed. */
  readonly formed: Readonly<Record<string, string>> | null;
}

const whole = z.int().min(0);
const groupSchema = z.object({
  group: whole,
  name: z.string(),
  role: z.enum(['follower', 'pre-candidate', 'candidate', 'leader', 'learner']),
  term: whole,
  leader: whole,
  members: z.object({ voters: z.array(whole), learners: z.array(whole) }),
  firstIndex: whole,
  lastIndex: whole,
  commitIndex: whole,
  executedIndex: whole,
  commandsPerSecond: z.number(),
  followers: z.array(
    z.object({
      id: whole,
      matchIndex: whole,
      state: z.enum(['probing', 'streaming', 'needs-checkpoint']),
      silentMs: z.number(),
      unfit: z.boolean().default(false),
      lag: whole,
    }),
  ),
});

/** For those who ask; what a newer replica says beside it is skipped. */
export const replicaStatusSchema: z.ZodType<ReplicaStatus> = z.object({
  replica: whole,
  cluster: z.string(),
  service: z.string(),
  epoch: whole.nullable().default(null),
  state: z.enum(REPLICA_STATES),
  reason: z.string().nullable(),
  transfer: z.object({ from: whole, bytes: z.number(), totalBytes: z.number() }).nullable(),
  upMs: z.number(),
  groups: z.array(groupSchema),
  checkpoint: whole.nullable(),
  lastAgreedCheckpoint: whole.nullable(),
  replicas: z.array(z.object({ id: whole, url: z.string(), reachable: z.boolean() })),
  formation: z.object({ incarnation: z.string(), formed: z.record(z.string(), z.string()).nullable() }),
});
