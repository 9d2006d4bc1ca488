import type { OtherGroups } from './raft-group-log-options.js';
import type { RaftLog } from './raft-log.js';

/** So many entries are executed before a client notices. */
const UNEXECUTED_MAX = 64;
/** Under load there are always some; who has missed some has those of a longer time. */
const LATE_MS = 500;
/** By a clock that was set back, all are of one time. */
const UNEXECUTED_MANY = 4096;
const LOOK_MS = 250;

/** Whether much is committed that has not been executed here: `next` and what follows. */
export function isBehind(log: Pick<RaftLog, 'at' | 'timestampMs'>, next: number, committed: number): boolean {
  const unexecuted = committed + 1 - next;
  if (unexecuted <= UNEXECUTED_MAX) return false;
  return unexecuted > UNEXECUTED_MANY || log.timestampMs - log.at(next).entry.timestampMs >= LATE_MS;
}

/**
 * Whether this replica had better not be given a group to lead now. Not to take what is handed over costs an attempt; to
 * take it costs all that waits here until it can be answered. So its leader is told beforehand.
 */
export class Fitness {
  readonly #others: OtherGroups;
  readonly #isBehind: () => boolean;
  #behind = false;
  #unfit = false;
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(others: OtherGroups, isBehind: () => boolean) {
    this.#others = others;
    this.#isBehind = isBehind;
  }

  /** The same as of a moment ago: to be called often. */
  look(nowMs: number): boolean {
    if (Math.abs(nowMs - this.#lookedAt) < LOOK_MS) return this.#unfit;
    this.#lookedAt = nowMs;
    return this.isUnfit();
  }

  /** As of now; the other groups hear whether this one is behind. */
  isUnfit(): boolean {
    const behind = this.#isBehind();
    if (behind !== this.#behind) this.#others.behind(behind);
    this.#behind = behind;
    this.#unfit = behind || this.#others.othersBehind() || this.#others.stuck();
    return this.#unfit;
  }
}
