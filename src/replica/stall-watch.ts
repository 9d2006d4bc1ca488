/** How long it must have lasted, at least and in times of elections: an election elsewhere is no reason. */
const STALLED_MS = 1000;
const STALLED_ELECTIONS = 4;
/** Where no replica fares better, leaders do not go round and round. */
const AGAIN_MS = 10_000;

export interface LeaderSight {
  readonly leading: boolean;
  /** Another group knows no leader on this replica: its network interface may be gone, while this group's is not. */
  readonly cutOff: boolean;
  /** Something committed waits to be executed: it is still the same as long as this is. Null: nothing does. */
  readonly stuckAt: number | null;
}

/**
 * Notices that a replica had better not lead a group: it is cut off from another group, and so from what commands that
 * touch both meet on. It orders them, and cannot execute and answer them; another replica can.
 */
export class StallWatch {
  readonly #stalledMs: number;
  #stuckAt: number | null = null;
  #sinceMs = 0;
  #notBeforeMs = 0;

  constructor(electionMs: number) {
    this.#stalledMs = Math.max(STALLED_MS, STALLED_ELECTIONS * electionMs);
  }

  /** True: now, another should lead. To be called several times a second. */
  look({ leading, cutOff, stuckAt }: LeaderSight, nowMs: number): boolean {
    const stalled = leading && cutOff ? stuckAt : null;
    if (stalled !== this.#stuckAt) {
      this.#stuckAt = stalled;
      this.#sinceMs = nowMs;
    }
    if (stalled === null || nowMs - this.#sinceMs < this.#stalledMs || nowMs < this.#notBeforeMs) return false;
    this.#notBeforeMs = nowMs + AGAIN_MS;
    return true;
  }
}
