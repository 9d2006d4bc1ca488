/**
 * What the pure Raft core and its driver say to each other (Ongaro and Ousterhout, USENIX ATC 2014; Ongaro's thesis,
 * 2014, for pre-vote 9.6, check-quorum and leases 6.4, transfer 3.10, one-server membership changes 4.1). The core
 * knows indexes and terms; bytes stay with the driver, which stores them, reads them back and sends them.
 */

import type { Membership } from '../group-log.js';

/** A replica's number, 1 or more; 0: none. */
export type ReplicaId = number;

/** What a replica must never forget; durable before any message that follows from it leaves. */
export interface HardState {
  readonly term: number;
  /** 0: nobody, in this term. */
  readonly votedFor: ReplicaId;
}

/** The core's view of the log that the driver keeps. */
export interface LogView {
  /** The oldest index held. */
  readonly firstIndex: number;
  /** The newest index appended, durable or not; firstIndex - 1 when empty. */
  readonly lastIndex: number;
  /** For firstIndex - 1 (0 where nothing was ever truncated) to lastIndex. */
  termOf(index: number): number;
  /** Bytes of one entry; for flow control. */
  bytesOf(index: number): number;
}

export interface RaftTiming {
  readonly heartbeatMs: number;
  /** Without word from a leader for this long to twice as long (drawn anew each time), a replica asks for votes. */
  readonly electionMs: number;
  /**
   * How long after a quorum's answer a leader may still answer reads by itself; 0: never (each read confirms the
   * leadership by a round of messages). Must be less than electionMs less what clocks' rates may differ by.
   */
  readonly leaseMs: number;
  /** How long a leader may keep to itself that an entry is committed, for the next entry to tell it; 0: not at all. */
  readonly noticeMs: number;
}

export interface RaftFlow {
  /** The most bytes of entries in one append (one larger entry goes alone). */
  readonly appendBytesMax: number;
  /** The most bytes of entries, and the most appends, under way to one follower. */
  readonly inflightBytesMax: number;
  readonly inflightAppendsMax: number;
}

export interface RaftOptions {
  readonly id: ReplicaId;
  readonly hardState: HardState;
  /** The newest membership in the log, or else the checkpoint's, or else the cluster's first. */
  readonly membership: Membership;
  readonly log: LogView;
  /** Entries up to here are known to be committed (the checkpoint covers them). */
  readonly commitIndex: number;
  readonly timing: RaftTiming;
  readonly flow: RaftFlow;
  /** In [0, 1). */
  readonly random: () => number;
  readonly nowMs: number;
}

interface MessageHead {
  readonly from: ReplicaId;
  readonly to: ReplicaId;
  readonly term: number;
}

/** `pre`: would you vote for me in this term? Changes nothing anywhere (pre-vote). */
export interface VoteRequest extends MessageHead {
  readonly type: 'vote-request';
  readonly pre: boolean;
  readonly lastIndex: number;
  readonly lastTerm: number;
  /** The leader itself has asked for this election: being content with it is no reason to refuse. */
  readonly transfer: boolean;
}

export interface VoteReply extends MessageHead {
  readonly type: 'vote-reply';
  readonly pre: boolean;
  readonly granted: boolean;
}

/** Entries (previousIndex, lastIndex] of the sender's log; none: a heartbeat or a probe. */
export interface AppendRequest extends MessageHead {
  readonly type: 'append-request';
  readonly previousIndex: number;
  readonly previousTerm: number;
  readonly lastIndex: number;
  /** The entries' terms, as runs: [first index, term], rising. */
  readonly terms: readonly (readonly [index: number, term: number])[];
  readonly commitIndex: number;
  /** Rises with each round of heartbeats; echoed (check-quorum, ReadIndex, leases). */
  readonly round: number;
}

export interface AppendReply extends MessageHead {
  readonly type: 'append-reply';
  readonly ok: boolean;
  /** ok: durable here and equal to the leader's up to this index. Else: where the follower's log may still agree. */
  readonly index: number;
  /** Not ok: the term of the follower's entry at `index`, for fast back-up. */
  readonly indexTerm: number;
  readonly round: number;
  /**
   * It had better not lead now. It takes what is handed over only where that is needed, and not while a disk of it does
   * not answer.
   */
  readonly unfit: boolean;
}

/** The leader's log no longer holds what the follower needs: it has to fetch a checkpoint (section 8 of the design). */
export interface CheckpointNotice extends MessageHead {
  readonly type: 'checkpoint-notice';
  /** The oldest index that the leader holds. */
  readonly firstIndex: number;
}

/** Why a leader hands over: somebody wants another to lead; it cannot go on itself; or that one is preferred. */
export type TransferReason = 'wanted' | 'needed' | 'preferred';

/** Leadership transfer: ask for votes now. */
export interface TimeoutNow extends MessageHead {
  readonly type: 'timeout-now';
  /** Somebody wants it to lead, whoever is preferred. */
  readonly stay: boolean;
  /** The leader cannot go on: one that would answer late is better. */
  readonly needed: boolean;
}

/** A follower asks on behalf of a reader. */
export interface ReadRequest extends MessageHead {
  readonly type: 'read-request';
  readonly id: number;
}

export interface ReadReply extends MessageHead {
  readonly type: 'read-reply';
  readonly id: number;
  /** -1: not (yet) the leader; ask again. */
  readonly index: number;
}

export type RaftMessage =
  VoteRequest | VoteReply | AppendRequest | AppendReply | CheckpointNotice | TimeoutNow | ReadRequest | ReadReply;

export type Role = 'follower' | 'pre-candidate' | 'candidate' | 'leader';

/**
 * What the driver is to do after a call, in this order: write `hardState`; drop the log's tail above `truncateAbove`;
 * store `append`'s entries; send `messages`. Writing happens while messages are under way: the core itself holds back
 * every message that must wait, until `hardStateDurable` or `logDurable` says so.
 */
export interface Effects {
  readonly hardState: HardState | null;
  /** Entries above this index differ from the leader's. Never below commitIndex. */
  readonly truncateAbove: number | null;
  /** Of the append request just received: store its entries from this index on (the ones before are there already). */
  readonly append: { readonly request: AppendRequest; readonly from: number } | null;
  readonly messages: readonly RaftMessage[];
  /** Answers to `read(id)`, also of reads that followers asked for here: -1: not confirmed, ask again later. */
  readonly reads: readonly { readonly id: number; readonly index: number }[];
  /** The leader holds nothing older than this: a checkpoint must be fetched. */
  readonly checkpointNeeded: { readonly from: ReplicaId; readonly firstIndex: number } | null;
}

/** How far a follower is, as its leader knows. */
export interface FollowerProgress {
  readonly id: ReplicaId;
  readonly matchIndex: number;
  readonly state: 'probing' | 'streaming' | 'needs-checkpoint';
  /** ms since it last answered. */
  readonly silentMs: number;
  /** It has said that it had better not lead now. */
  readonly unfit: boolean;
}

/** One replica's part in one Raft group: pure, deterministic, synchronous. Implemented by RaftCore. */
export interface Raft {
  readonly role: Role;
  readonly term: number;
  /** 0: not known. */
  readonly leader: ReplicaId;
  /** Never decreases. */
  readonly commitIndex: number;
  readonly membership: Membership;
  /** As leader: an entry of its own term is committed, so that reads and membership changes may begin. */
  readonly settled: boolean;
  /** As leader: whom the leadership goes to; 0: none. Append nothing meanwhile: what comes late keeps it from ending. */
  readonly transferringTo: ReplicaId;
  readonly followers: readonly FollowerProgress[];
  /** When `tick` is due next, ms. */
  readonly deadlineMs: number;
  /** Set by the driver: this replica had better not lead now, which its leader is told. */
  unfit: boolean;

  tick(nowMs: number): void;
  receive(message: RaftMessage, nowMs: number): void;
  /**
   * As leader: the driver has appended entries of this term up to log.lastIndex (a proposal, or several), and they go
   * out. A new leader has to append a no-op first of all: `role` turning 'leader' tells the driver. `awaited`: something
   * beyond the group waits on other replicas for their commit.
   */
  appended(nowMs: number, awaited: boolean): void;
  /** As leader: the last entry appended, at log.lastIndex, changes the membership to this. In force at once (thesis 4.1). */
  membershipAppended(membership: Membership, nowMs: number): void;
  /** Why `membershipAppended` may not be called now with this membership; null: it may. Ask before appending. */
  membershipProblem(next: Membership): string | null;
  /** As follower: entries stored from an append request, or dropped by truncateAbove, have changed the membership. */
  membershipReplaced(membership: Membership): void;
  /** The log is durable up to here. */
  logDurable(index: number, nowMs: number): void;
  /** The newest hardState that was given out is durable. */
  hardStateDurable(nowMs: number): void;
  /** Asks for an index that a linearizable read must see; answered in Effects.reads. Followers ask their leader. */
  read(id: number, nowMs: number): void;
  /** As leader: brings `to` up to date, then tells it to stand. False: it cannot be done now. */
  transferLeadership(to: ReplicaId, why: TransferReason, nowMs: number): boolean;
  /** As leader: this follower has installed a checkpoint, or its link has come up: probe it now. */
  probe(id: ReplicaId, nowMs: number): void;
  /** The connection to this replica has ended: as a follower of it, expect no more of it. */
  peerLost(id: ReplicaId, nowMs: number): void;
  takeEffects(): Effects;
}
