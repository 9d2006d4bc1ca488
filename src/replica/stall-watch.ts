/** How long it must have lasted, at least and in times of elections: an election elsewhere is no reason. */
const STALLED_MS = 1000;
const STALLED_ELECTIONS = 4;
/** Where no replica fares better, leaders do not go round and round. */
const AGAIN_MS = 10_000;
/** Where the fault is this replica's own, another fares better, whoever made this one lead again. */
const AGAIN_OWN_FAULT_MS = 2000;

export interface LeaderSight {
  readonly leading: boolean;
  /**
   * Another group knows no leader on this replica: its network interface may be gone, while this group's is not. Or its
   * thread waits for its disk.
   */
  readonly cutOff: boolean;
  /** The other group's thread has waited for its disk for seconds. */
  readonly diskHangs: boolean;
  /** Something committed waits to be executed: it is still the same as long as this is. Null: nothing does. */
  readonly stuckAt: number | null;
}

/**
 * Notices that a replica had better not lead a group: it is cut off from another group, or that one's thread stands
 * still, and so from what commands that touch both meet on. It orders them, and cannot execute and answer them; another
 * replica can.
 */
export class StallWatch {
  readonly #stalledMs: number;
  #stuckAt: number | null = null;
  #sinceMs = 0;
  #foundMs = Number.NEGATIVE_INFINITY;

  constructor(electionMs: number) {
    this.#stalledMs = Math.max(STALLED_MS, STALLED_ELECTIONS * electionMs);
  }

  /** True: now, another should lead. To be called several times a second. */
  look({ leading, cutOff, diskHangs, stuckAt }: LeaderSight, nowMs: number): boolean {
    const stalled = leading && cutOff ? stuckAt : null;
    if (stalled !== this.#stuckAt) {
      this.#stuckAt = stalled;
      this.#sinceMs = nowMs;
    }
    // A disk that hangs has been watched for longer.
    if (stalled === null || (!diskHangs && nowMs - this.#sinceMs < this.#stalledMs)) return false;
    if (nowMs - this.#foundMs < (diskHangs ? AGAIN_OWN_FAULT_MS : AGAIN_MS)) return false;
    this.#foundMs = nowMs;
    return true;
  }
}
