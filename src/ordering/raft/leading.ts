import { invariant } from '../../errors.js';
import type { Membership } from '../group-log.js';
import { AppendSender } from './append-sender.js';
import { LeaderReads } from './leader-reads.js';
import { stepProblem } from './membership-rules.js';
import { Progress } from './progress.js';
import { reachedByMajority } from './quorum.js';
import type { AppendReply, ReplicaId, TransferReason } from './raft-types.js';
import type { ReplicaState } from './replica-state.js';
import { Rounds } from './rounds.js';
import { Transfer } from './transfer.js';

/**
 * A follower that was sent something less than this share of a heartbeat ago needs none. Should no more follow, it hears
 * nothing for so much longer than otherwise.
 */
const BUSY_SHARE = 0.25;

/** One replica's leadership in one term: replicates, commits, and knows by its followers' answers that it still leads. */
export class Leading {
  readonly #state: ReplicaState;
  readonly #rounds = new Rounds();
  readonly #reads: LeaderReads;
  readonly #sender: AppendSender;
  readonly #transfer: Transfer;
  /** The first entry of this term. */
  readonly #firstOwn: number;
  #followers: Progress[] = [];
  #membershipIndex = 0;
  #heartbeatAt: number;
  /** The oldest round that may found a lease. */
  #leaseRound = 1;
  #confirmedRound = 0;
  #leaseFrom = Number.NEGATIVE_INFINITY;
  /** Others wait for the commit of entries up to here. */
  #promptIndex: number;
  /** When followers are told what was committed even if there is nothing else to send. */
  #noticeAt = Number.POSITIVE_INFINITY;
  readonly #scratch: number[] = [];
  readonly #matchOf = (id: ReplicaId): number =>
    id === this.#state.id ? this.#state.durableIndex : (this.#follower(id)?.match ?? 0);
  readonly #roundOf = (id: ReplicaId): number =>
    id === this.#state.id ? this.#rounds.current : (this.#follower(id)?.round ?? 0);
  readonly #answeredAt = (id: ReplicaId): number =>
    id === this.#state.id ? this.#state.now : (this.#follower(id)?.answeredAt ?? 0);

  constructor(state: ReplicaState) {
    this.#state = state;
    this.#reads = new LeaderReads(state);
    this.#sender = new AppendSender(state, this.#rounds);
    this.#transfer = new Transfer(state);
    this.#firstOwn = state.log.lastIndex + 1;
    this.#promptIndex = this.#firstOwn;
    this.#heartbeatAt = state.now + state.timing.heartbeatMs;
    this.#renewFollowers();
  }

  get settled(): boolean {
    return this.#state.commitIndex >= this.#firstOwn;
  }

  get followers(): readonly Progress[] {
    return this.#followers;
  }

  get deadline(): number {
    return Math.min(this.#heartbeatAt, this.#noticeAt, this.#transfer.deadline);
  }

  get transferTo(): ReplicaId {
    return this.#transfer.to;
  }

  /** It is no voter any more, and that is committed: its work is done. */
  get removed(): boolean {
    return !this.#state.isVoter && this.settled && this.#state.commitIndex >= this.#membershipIndex;
  }

  /** False: no majority has answered for too long (check-quorum). */
  tick(): boolean {
    const { now, timing, membership } = this.#state;
    const answered = reachedByMajority(membership.voters, this.#answeredAt, this.#scratch);
    if (now - answered >= timing.electionMs) return false;
    this.#reads.tick();
    this.#transfer.tick();
    if (now < this.#heartbeatAt) return true;
    this.#heartbeatAt = now + timing.heartbeatMs;
    this.#beginRound(now - timing.heartbeatMs * BUSY_SHARE);
    return true;
  }

  /** Sends all that may go. */
  flush(): void {
    if (this.settled && this.#reads.wanted) {
      this.#reads.begin(this.#rounds.current + 1);
      this.#beginRound();
    }
    this.#advance();
    this.#transfer.flush(this.#follower(this.#transfer.to));
  }

  /** What was appended is awaited elsewhere: its commit is to be told as soon as it is known. */
  prompt(): void {
    this.#promptIndex = this.#state.log.lastIndex;
  }

  replied(reply: AppendReply): void {
    const follower = this.#follower(reply.from);
    if (follower === undefined) return;
    if (reply.index > this.#state.log.lastIndex || reply.round > this.#rounds.current) return;
    if (reply.round >= follower.round) {
      follower.answeredAt = this.#state.now;
      follower.unfit = reply.unfit;
    }
    if (!reply.ok) follower.refused(reply, this.#state.log);
    else {
      follower.accepted(reply.index);
      this.commit();
    }
    if (reply.round <= follower.round) return;
    follower.round = reply.round;
    this.#countRounds();
  }

  /** Entries of this term that a majority holds, durably, are committed, and all before them (paper 5.4.2). */
  commit(): void {
    const index = reachedByMajority(this.#state.membership.voters, this.#matchOf, this.#scratch);
    if (index > this.#state.commitIndex && index >= this.#firstOwn) this.#state.commitIndex = index;
  }

  read(id: number, from: ReplicaId): void {
    if (!this.settled || !this.#leased) return this.#reads.add(id, from);
    this.#reads.answerNow(id, from);
    // A follower that reads has to execute what is committed.
    if (from !== 0) this.#noticeAt = this.#state.now;
  }

  /** More time may have passed than the clock says. */
  clockWentBack(): void {
    this.#leaseFrom = Number.NEGATIVE_INFINITY;
    this.#leaseRound = this.#rounds.current + 1;
  }

  membershipProblem(next: Membership): string | null {
    const { membership, commitIndex } = this.#state;
    if (!this.settled) return 'the leader is new: nothing of its term is committed yet';
    if (this.#membershipIndex > commitIndex) return 'another change is under way';
    return stepProblem(membership, next);
  }

  membershipAppended(membership: Membership): void {
    const problem = this.membershipProblem(membership);
    invariant(problem === null, `a membership was appended that may not follow: ${problem ?? ''}`);
    this.#state.membership = membership;
    this.#membershipIndex = this.#state.log.lastIndex;
    this.prompt();
    this.#renewFollowers();
    if (!membership.voters.includes(this.#transfer.to)) this.#transfer.end();
    this.commit();
    this.#countRounds();
  }

  transfer(to: ReplicaId, why: TransferReason): boolean {
    const { id, membership } = this.#state;
    if (to === id || !membership.voters.includes(to) || this.removed) return false;
    return this.#transfer.begin(to, why);
  }

  probe(id: ReplicaId): void {
    const follower = this.#follower(id);
    if (follower === undefined) return;
    if (follower.state === 'streaming') follower.probe(follower.match + 1);
    this.#rounds.begin(this.#state.now);
    this.#sender.heartbeat(follower);
  }

  /** `removed`: hands the leadership to the follower that is best for it. */
  end(): void {
    this.#reads.fail();
    if (!this.removed) return;
    let best: Progress | undefined;
    for (const follower of this.#followers) {
      this.#sender.heartbeat(follower);
      if (!this.#state.membership.voters.includes(follower.id)) continue;
      if (best === undefined || this.#isBetter(follower, best)) best = follower;
    }
    if (best === undefined) return;
    this.#transfer.begin(best.id, 'needed');
    this.#transfer.tell(best);
  }

  /** One that lacks what is committed gets no votes; else one that is fit to lead; else the one that is furthest. */
  #isBetter(one: Progress, other: Progress): boolean {
    const { commitIndex } = this.#state;
    const rank = ({ match, unfit }: Progress): number => Number(match >= commitIndex) * 2 + Number(!unfit);
    return rank(one) > rank(other) || (rank(one) === rank(other) && one.match > other.match);
  }

  get #leased(): boolean {
    const { now, timing } = this.#state;
    return timing.leaseMs > 0 && !this.#transfer.told && now - this.#leaseFrom < timing.leaseMs;
  }

  #advance(): void {
    const { now, timing } = this.#state;
    const late = timing.noticeMs === 0 || now >= this.#noticeAt;
    const promptIndex = late ? Number.POSITIVE_INFINITY : this.#promptIndex;
    let owed = false;
    for (const follower of this.#followers) owed = this.#sender.advance(follower, promptIndex) || owed;
    if (!owed) this.#noticeAt = Number.POSITIVE_INFINITY;
    else if (this.#noticeAt === Number.POSITIVE_INFINITY) this.#noticeAt = now + timing.noticeMs;
  }

  /** Followers that were sent entries later than `busySince` learn of it with the next ones. */
  #beginRound(busySince = Number.POSITIVE_INFINITY): void {
    this.#rounds.begin(this.#state.now);
    for (const follower of this.#followers)
      if (follower.state !== 'streaming' || follower.sentAt <= busySince) this.#sender.heartbeat(follower);
    this.#transfer.again();
    this.#countRounds();
  }

  #countRounds(): void {
    const round = reachedByMajority(this.#state.membership.voters, this.#roundOf, this.#scratch);
    if (round <= this.#confirmedRound) return;
    this.#confirmedRound = round;
    const begun = this.#rounds.begunAt(round);
    if (round >= this.#leaseRound) this.#leaseFrom = begun;
    this.#reads.confirmed(round);
  }

  #follower(id: ReplicaId): Progress | undefined {
    for (const follower of this.#followers) if (follower.id === id) return follower;
    return undefined;
  }

  #renewFollowers(): void {
    const { id: self, membership, flow, now, log } = this.#state;
    const followers: Progress[] = [];
    for (const id of [...membership.voters, ...membership.learners]) {
      if (id === self) continue;
      // A new follower is offered the newest entry (the one that made it a member), a known one goes on.
      const next = Math.max(log.lastIndex, this.#firstOwn);
      followers.push(this.#follower(id) ?? new Progress(id, next, flow.inflightAppendsMax, now));
    }
    this.#followers = followers;
  }
}
