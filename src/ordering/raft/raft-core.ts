import { invariant } from '../../errors.js';
import type { Membership } from '../group-log.js';
import { Election } from './election.js';
import { Following } from './following.js';
import { ForwardedReads } from './forwarded-reads.js';
import { Leading } from './leading.js';
import { isWellFormed } from './message-check.js';
import type {
  AppendRequest,
  CheckpointNotice,
  Effects,
  FollowerProgress,
  Raft,
  RaftMessage,
  RaftOptions,
  ReplicaId,
  Role,
  TransferReason,
} from './raft-types.js';
import { ReplicaState } from './replica-state.js';

/** One replica's part in one Raft group; its parts are in this folder, a file each. */
export class RaftCore implements Raft {
  readonly #state: ReplicaState;
  readonly #election: Election;
  readonly #following: Following;
  readonly #forwarded: ForwardedReads;
  #leading: Leading | null = null;

  constructor(options: RaftOptions) {
    this.#state = new ReplicaState(options);
    this.#following = new Following(this.#state);
    this.#forwarded = new ForwardedReads(this.#state);
    this.#election = new Election(this.#state, {
      standing: () => this.#forwarded.fail(),
      elected: () => this.#lead(),
    });
  }

  get role(): Role {
    return this.#state.role;
  }

  get term(): number {
    return this.#state.term;
  }

  get leader(): ReplicaId {
    return this.#state.leader;
  }

  get commitIndex(): number {
    return this.#state.commitIndex;
  }

  get membership(): Membership {
    return this.#state.membership;
  }

  get settled(): boolean {
    return this.#leading?.settled ?? false;
  }

  get transferringTo(): ReplicaId {
    return this.#leading?.transferTo ?? 0;
  }

  get followers(): readonly FollowerProgress[] {
    const { now } = this.#state;
    return (this.#leading?.followers ?? []).map(({ id, match, state, answeredAt, unfit }) => {
      return { id, matchIndex: match, state, silentMs: now - answeredAt, unfit };
    });
  }

  get unfit(): boolean {
    return this.#state.unfit;
  }

  set unfit(unfit: boolean) {
    this.#state.unfit = unfit;
  }

  get deadlineMs(): number {
    const due = this.#leading?.deadline ?? Math.min(this.#election.deadline, this.#forwarded.deadline);
    return this.#state.clock.outside(due);
  }

  tick(nowMs: number): void {
    this.#advance(nowMs);
    if (this.#leading !== null) {
      if (!this.#leading.tick()) this.#follow(this.#state.term, 0);
      return;
    }
    this.#forwarded.tick();
    this.#election.tick();
  }

  receive(message: RaftMessage, nowMs: number): void {
    invariant(!this.#state.outbox.logPending, 'effects must be taken and carried out after each message');
    this.#advance(nowMs);
    if (!isWellFormed(message) || message.to !== this.#state.id || message.from === message.to) return;
    const { term } = message;
    if (term > this.#state.term && !this.#takeNewerTerm(message)) return;
    if (term < this.#state.term) this.#refuseOlderTerm(message);
    else this.#dispatch(message);
    this.#endIfRemoved();
  }

  appended(nowMs: number, awaited: boolean): void {
    invariant(this.#leading !== null, 'only a leader appends');
    this.#advance(nowMs);
    if (awaited) this.#leading.prompt();
  }

  membershipAppended(membership: Membership, nowMs: number): void {
    invariant(this.#leading !== null, 'only a leader changes the membership');
    this.#advance(nowMs);
    this.#leading.membershipAppended(membership);
    this.#endIfRemoved();
  }

  membershipProblem(next: Membership): string | null {
    return this.#leading === null ? 'this replica does not lead' : this.#leading.membershipProblem(next);
  }

  membershipReplaced(membership: Membership): void {
    this.#state.membership = membership;
  }

  logDurable(index: number, nowMs: number): void {
    this.#advance(nowMs);
    const { durableIndex, log } = this.#state;
    this.#state.durableIndex = Math.max(durableIndex, Math.min(index, log.lastIndex));
    if (this.#leading === null) this.#following.logDurable();
    else this.#leading.commit();
    this.#endIfRemoved();
  }

  hardStateDurable(nowMs: number): void {
    this.#advance(nowMs);
    this.#state.outbox.hardStateWritten();
    this.#election.hardStateDurable();
  }

  read(id: number, nowMs: number): void {
    this.#advance(nowMs);
    if (this.#leading === null) this.#forwarded.add(id);
    else this.#leading.read(id, 0);
  }

  transferLeadership(to: ReplicaId, why: TransferReason, nowMs: number): boolean {
    this.#advance(nowMs);
    return this.#leading?.transfer(to, why) ?? false;
  }

  probe(id: ReplicaId, nowMs: number): void {
    this.#advance(nowMs);
    this.#leading?.probe(id);
  }

  peerLost(id: ReplicaId, nowMs: number): void {
    this.#advance(nowMs);
    if (this.#state.role === 'follower' && this.#state.leader === id) this.#election.leaderLost(id);
  }

  takeEffects(): Effects {
    if (this.#leading === null) this.#forwarded.flush();
    else this.#leading.flush();
    return this.#state.outbox.take();
  }

  #advance(nowMs: number): void {
    if (!this.#state.clock.advance(nowMs)) this.#leading?.clockWentBack();
  }

  #lead(): void {
    this.#state.role = 'leader';
    this.#state.leader = this.#state.id;
    this.#leading = new Leading(this.#state);
  }

  #follow(term: number, leader: ReplicaId): void {
    const { role } = this.#state;
    if (this.#state.leader !== leader || term !== this.#state.term) this.#forwarded.fail();
    this.#leading?.end();
    this.#leading = null;
    if (term !== this.#state.term) this.#state.setHardState(term, 0);
    this.#state.role = 'follower';
    this.#state.leader = leader;
    if (role !== 'follower') this.#election.resetTimer();
  }

  /** False: the message is to be passed over, and its term with it. */
  #takeNewerTerm(message: RaftMessage): boolean {
    switch (message.type) {
      case 'append-request':
      case 'checkpoint-notice':
        break;
      case 'vote-request':
        if (message.pre) return true;
        if (this.#election.promised && !message.transfer) return false;
        break;
      case 'vote-reply':
        // A pre-vote granted: the term is the one that was asked about.
        if (message.pre && message.granted) return true;
        if (!this.#state.isMember(message.from)) return false;
        break;
      default:
        // One that was removed, and has gone on to newer terms since, disturbs nobody.
        if (!this.#state.isMember(message.from)) return false;
    }
    this.#follow(message.term, 0);
    return true;
  }

  /** Those who ask in an old term are told of the newer one. */
  #refuseOlderTerm(message: RaftMessage): void {
    const { id, term, unfit, outbox } = this.#state;
    const head = { from: id, to: message.from, term };
    if (message.type === 'append-request' || message.type === 'checkpoint-notice') {
      outbox.send({ ...head, type: 'append-reply', ok: false, index: 0, indexTerm: 0, round: 0, unfit });
    } else if (message.type === 'vote-request') {
      outbox.send({ ...head, type: 'vote-reply', pre: message.pre, granted: false });
    }
  }

  #dispatch(message: RaftMessage): void {
    switch (message.type) {
      case 'vote-request':
        return this.#election.voteRequested(message);
      case 'vote-reply':
        return this.#election.voteReplied(message);
      case 'append-request':
        if (this.#hearLeader(message)) this.#following.appendRequested(message);
        return;
      case 'append-reply':
        return this.#leading?.replied(message);
      case 'checkpoint-notice':
        if (this.#hearLeader(message)) this.#following.checkpointNoticed(message);
        return;
      case 'timeout-now':
        if (this.#state.leader === message.from) this.#election.standNow();
        return;
      case 'read-request':
        if (this.#leading === null) this.#refuseRead(message.from, message.id);
        else this.#leading.read(message.id, message.from);
        return;
      case 'read-reply':
        return this.#forwarded.replied(message);
    }
  }

  /** False: two leaders in one term, which no replica without a fault claims. */
  #hearLeader({ from, term }: AppendRequest | CheckpointNotice): boolean {
    const { role, leader } = this.#state;
    if (role === 'leader' || (leader !== 0 && leader !== from)) return false;
    if (role !== 'follower' || leader !== from) this.#follow(term, from);
    this.#election.heardLeader();
    return true;
  }

  #refuseRead(to: ReplicaId, id: number): void {
    const { id: from, term, outbox } = this.#state;
    outbox.send({ type: 'read-reply', from, to, term, id, index: -1 });
  }

  #endIfRemoved(): void {
    if (this.#leading?.removed === true) this.#follow(this.#state.term, 0);
  }
}
