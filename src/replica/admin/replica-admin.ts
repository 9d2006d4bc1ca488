/** What an operator can have a replica do. The engine implements it; the HTTP endpoint offers it. */
import type { ReplicaConfig } from '../../config/cluster-schema.js';
import type { CheckpointManifest } from '../../storage/checkpoint-store.js';
import type { ReplicaStatus } from './replica-status.js';

/** 'under way': ask again, the same, to learn more. */
export type Progress = 'done' | 'under way';

/**
 * All but `status` and `learnReplica` are the leader's of the group (checkpoints: of group 0): the others reject with
 * NOT_LEADER and `details.leader` (0: not known). Asking for what is so already is 'done': each may be repeated.
 */
export interface ReplicaAdmin {
  status(): ReplicaStatus;
  /** Resolves when it is complete on this replica. */
  checkpoint(): Promise<CheckpointManifest>;
  moveLeader(group: number, to: number): Promise<Progress>;
  /** How a replica is reached that may be added; to be remembered as long as the data directory. */
  learnReplica(replica: ReplicaConfig): Promise<void>;
  /** First a learner, then, when it has caught up, a voter: 'done'. INVALID_ARGUMENT: its address is not known. */
  addMember(group: number, id: number): Promise<Progress>;
  /** NOT_SUPPORTED: it is the last voter. */
  removeMember(group: number, id: number): Promise<Progress>;
}
