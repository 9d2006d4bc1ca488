import type { Raft, ReplicaId } from './raft-types.js';

/** The preferred replica must have been there, up to date and fit to lead, for so long. */
const STEADY_MS = 2000;
/** The same where the leader before could not go on: its trouble may come again. Twice as long where it does, up to an hour. */
const RELIEF_MS = 30_000;
const RELIEF_MS_MAX = 3_600_000;
/** Trouble that comes again after more than so many times as long has nothing to do with what was. */
const RELIEF_OVER = 10;
/** After a transfer that failed. */
const RETRY_MS = 10_000;
/** How long a follower may take to answer a new leader, or may be silent. */
const AWAY_MS = 1000;

/**
 * Moves a group's leadership back to the replica that is to have it, once that one has recovered. A leader that somebody
 * wanted to have the group, while the preferred one was there, keeps it.
 */
export class LeaderPreference {
  readonly #preferredOf: (voters: readonly ReplicaId[]) => ReplicaId;
  readonly #self: ReplicaId;
  #owed = false;
  #begunAt = 0;
  #wasThere = false;
  #steadySince: number | null = null;
  #notBefore = 0;
  #handed = { term: -1, stay: false };
  #steadyMs = STEADY_MS;
  #reliefMs = 0;
  #relievedAt = 0;

  /** `preferredOf`: 0: nobody. */
  constructor(preferredOf: (voters: readonly ReplicaId[]) => ReplicaId, self: ReplicaId) {
    this.#preferredOf = preferredOf;
    this.#self = self;
  }

  /** A leader has this replica stand in its place, in this term. `stay`: somebody wants it to lead. */
  handed(term: number, stay: boolean): void {
    if (term >= this.#handed.term) this.#handed = { term, stay };
  }

  /** This replica leads from now on, in this term. */
  begin(term: number, nowMs: number): void {
    const { stay } = this.#handed;
    const handed = term === this.#handed.term;
    this.#owed = !handed || !stay;
    this.#steadyMs = handed && !stay ? this.#relief(nowMs) : STEADY_MS;
    this.#begunAt = nowMs;
    this.#wasThere = false;
    this.#steadySince = null;
  }

  /** The connection to this replica has ended: perhaps it is started again before anybody misses it. */
  lost(peer: ReplicaId, voters: readonly ReplicaId[]): void {
    if (peer === this.#preferredOf(voters)) this.#away();
  }

  /** Whom to hand over to now; 0: nobody. */
  wishes(core: Raft, lastIndex: number, nowMs: number): ReplicaId {
    const preferred = this.#preferredOf(core.membership.voters);
    if (preferred === 0 || preferred === this.#self || !core.settled) {
      this.#steadySince = null;
      return 0;
    }
    const follower = core.followers.find((each) => each.id === preferred);
    const there = follower?.state === 'streaming' && follower.silentMs < AWAY_MS;
    if (!there && (this.#wasThere || nowMs - this.#begunAt > AWAY_MS)) this.#away();
    this.#wasThere = there;
    // A busy log is never matched to its end; what is under way is little.
    const steady = there && !follower.unfit && lastIndex - follower.matchIndex < 1000;
    if (!steady || !this.#owed) this.#steadySince = null;
    else this.#steadySince ??= nowMs;
    if (this.#steadySince === null || nowMs - this.#steadySince < this.#steadyMs || nowMs < this.#notBefore) return 0;
    this.#notBefore = nowMs + RETRY_MS;
    // Should this one lead on, it was refused, and each attempt keeps commands waiting for an election's time.
    if (this.#steadyMs > STEADY_MS) this.#steadyMs = longer(this.#steadyMs);
    this.#steadySince = null;
    return preferred;
  }

  /** What ailed it was seen, and so will be that it is over. */
  #away(): void {
    this.#owed = true;
    this.#steadyMs = STEADY_MS;
  }

  #relief(nowMs: number): number {
    const again = nowMs - this.#relievedAt < RELIEF_OVER * this.#reliefMs;
    this.#relievedAt = nowMs;
    this.#reliefMs = again ? longer(this.#reliefMs) : RELIEF_MS;
    return this.#reliefMs;
  }
}

function longer(reliefMs: number): number {
  return Math.min(2 * reliefMs, RELIEF_MS_MAX);
}
