import type { Raft, ReplicaId } from './raft-types.js';

/** The preferred replica must have been there, and up to date, for so long. */
const STEADY_MS = 2000;
/** After a transfer that failed. */
const RETRY_MS = 10_000;
/** How long a follower may take to answer a new leader, or may be silent. */
const AWAY_MS = 1000;

/**
 * Moves a group's leadership back to the replica that is to have it, once that one has recovered. A leader that got the
 * group handed over while the preferred one was there keeps it: somebody wanted it so.
 */
export class LeaderPreference {
  readonly #preferredOf: (voters: readonly ReplicaId[]) => ReplicaId;
  readonly #self: ReplicaId;
  #owed = false;
  #begunAt = 0;
  #wasThere = false;
  #steadySince: number | null = null;
  #notBefore = 0;

  /** `preferredOf`: 0: nobody. */
  constructor(preferredOf: (voters: readonly ReplicaId[]) => ReplicaId, self: ReplicaId) {
    this.#preferredOf = preferredOf;
    this.#self = self;
  }

  /** This replica leads from now on; `handedOver`: since another leader wanted it to. */
  begin(handedOver: boolean, nowMs: number): void {
    this.#owed = !handedOver;
    this.#begunAt = nowMs;
    this.#wasThere = false;
    this.#steadySince = null;
  }

  /** The connection to this replica has ended: perhaps it is started again before anybody misses it. */
  lost(peer: ReplicaId, voters: readonly ReplicaId[]): void {
    if (peer === this.#preferredOf(voters)) this.#owed = true;
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
    if (!there && (this.#wasThere || nowMs - this.#begunAt > AWAY_MS)) this.#owed = true;
    this.#wasThere = there;
    // A busy log is never matched to its end; what is under way is little.
    const steady = there && lastIndex - follower.matchIndex < 1000;
    if (!steady || !this.#owed) this.#steadySince = null;
    else this.#steadySince ??= nowMs;
    if (this.#steadySince === null || nowMs - this.#steadySince < STEADY_MS || nowMs < this.#notBefore) return 0;
    this.#notBefore = nowMs + RETRY_MS;
    this.#steadySince = null;
    return preferred;
  }
}
