import type { Raft, ReplicaId } from './raft-types.js';

/** The preferred replica must have been there, and up to date, for so long. */
const STEADY_MS = 2000;
/** After a transfer that failed. */
const RETRY_MS = 10_000;

/** Moves a group's leadership back to the replica that is to have it, once that one has recovered. */
export class LeaderPreference {
  readonly #preferred: ReplicaId;
  readonly #self: ReplicaId;
  #steadySince: number | null = null;
  #notBefore = 0;

  constructor(preferred: ReplicaId, self: ReplicaId) {
    this.#preferred = preferred;
    this.#self = self;
  }

  /** Whom to hand over to now; 0: nobody. */
  wishes(core: Raft, lastIndex: number, nowMs: number): ReplicaId {
    if (this.#preferred === 0 || this.#preferred === this.#self || !core.settled) {
      this.#steadySince = null;
      return 0;
    }
    const follower = core.followers.find((each) => each.id === this.#preferred);
    // A busy log is never matched to its end; what is under way is little.
    const steady =
      follower?.state === 'streaming' && follower.silentMs < STEADY_MS / 2 && lastIndex - follower.matchIndex < 1000;
    if (!steady || !core.membership.voters.includes(this.#preferred)) this.#steadySince = null;
    else this.#steadySince ??= nowMs;
    if (this.#steadySince === null || nowMs - this.#steadySince < STEADY_MS || nowMs < this.#notBefore) return 0;
    this.#notBefore = nowMs + RETRY_MS;
    this.#steadySince = null;
    return this.#preferred;
  }
}
