/** What a replica's group log is made from. */
import type { PsmrError } from '../../errors.js';
import type { LogStore } from '../../storage/log-store.js';
import type { PeerLinkHandlers, PeerLinks } from '../../transport/peer-links.js';
import type { Membership } from '../group-log.js';
import type { HardStateFile } from './hard-state-file.js';
import type { LogStart } from './raft-log.js';
import type { FollowerProgress, RaftFlow, RaftTiming, ReplicaId, Role } from './raft-types.js';

/** Time and turns, given from outside so that a simulation can give its own. */
export interface RaftClock {
  /** ms; may jump. */
  now(): number;
  /** Runs `act` once after so long; returns how to call it off. */
  after(ms: number, act: () => void): () => void;
  /** Runs `act` at the end of this turn of the event loop. */
  soon(act: () => void): void;
}

/** What the groups of one replica know of each other. */
export interface OtherGroups {
  /** Another group here stands still with its disk: this replica cannot lead now. */
  readonly stuck: () => boolean;
  /** Another group here is behind: much of it is committed that has not been executed. */
  readonly othersBehind: () => boolean;
  /** Whether this one is. */
  readonly behind: (is: boolean) => void;
}

export interface RaftGroupLogOptions extends OtherGroups {
  readonly group: number;
  readonly replica: ReplicaId;
  readonly store: LogStore;
  readonly hardState: HardStateFile;
  /** What the newest checkpoint covers; index, term and time 0 and the cluster's first members where there is none. */
  readonly start: LogStart;
  readonly openLinks: (handlers: PeerLinkHandlers) => PeerLinks;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
  readonly clock: RaftClock;
  readonly random: () => number;
  /** Whom the group prefers as leader, of those who vote; 0: nobody. */
  readonly preferred: (voters: readonly ReplicaId[]) => ReplicaId;
  /** How much of the log below a checkpoint is kept for followers that are a little behind, bytes. */
  readonly retainBytes: number;
  /** The others hold no log old enough for this replica: it has to fetch a checkpoint. */
  readonly checkpointNeeded: (from: ReplicaId) => void;
  /** A message that no replica without a fault sends has come from this one, and is passed over. */
  readonly malformed: (from: ReplicaId, why: PsmrError) => void;
  /** This replica's disk does not answer. Once each time. */
  readonly diskHangs: () => void;
}

/** What an operator may want to know. */
export interface RaftStatus {
  readonly role: Role;
  readonly term: number;
  readonly leader: ReplicaId;
  readonly commitIndex: number;
  readonly lastIndex: number;
  readonly membership: Membership;
  /** As leader: `membership` is committed, and another may follow it. */
  readonly membershipSettled: boolean;
  readonly followers: readonly FollowerProgress[];
  /** What it writes has waited for seconds. */
  readonly diskHangs: boolean;
}
