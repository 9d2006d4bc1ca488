import { betterSuccessor } from './group-view.js';
import type { Raft, ReplicaId } from './raft-types.js';

/** Longer than a healthy disk takes, however busy. */
const HANGS_MS = 2000;
const LOOK_MS = 50;
/** One that does not take over in this time is passed over for the next. */
const ATTEMPT_MS = 1000;

/**
 * Notices a disk that does not answer. A leader whose disk hangs should not lead: its followers commit without it, and
 * what it has taken and cannot write grows in its memory.
 */
export class DiskWatch {
  readonly #tell: () => void;
  #waitedMs = 0;
  #lookedAt = 0;
  #triedAt = Number.NEGATIVE_INFINITY;
  readonly #tried = new Set<ReplicaId>();

  /** `tell`: that it hangs, once each time. */
  constructor(tell: () => void) {
    this.#tell = tell;
  }

  get hangs(): boolean {
    return this.#waitedMs >= HANGS_MS;
  }

  answered(): void {
    this.#waitedMs = 0;
    this.#tried.clear();
  }

  /** To be called often. `waits`: something is being written. Time in which nobody looked does not count. */
  look(waits: boolean, nowMs: number): void {
    const passed = nowMs - this.#lookedAt;
    if (passed >= 0 && passed < LOOK_MS) return;
    this.#lookedAt = nowMs;
    if (!waits) return this.answered();
    const before = this.#waitedMs;
    this.#waitedMs += Math.min(Math.max(0, passed), 2 * LOOK_MS);
    if (before < HANGS_MS && this.hangs) this.#tell();
  }

  /** As leader: who should lead instead, since its disk has more than this one's; 0: nobody, or this disk answers. */
  successor({ role, membership: { voters }, followers }: Raft, durableIndex: number, nowMs: number): ReplicaId {
    if (role !== 'leader' || !this.hangs || Math.abs(nowMs - this.#triedAt) < ATTEMPT_MS) return 0;
    const able = followers.filter(
      ({ id, matchIndex }) => voters.includes(id) && matchIndex > durableIndex && !this.#tried.has(id),
    );
    const [best] = able.sort(betterSuccessor);
    if (best === undefined) {
      this.#tried.clear();
      return 0;
    }
    this.#triedAt = nowMs;
    this.#tried.add(best.id);
    return best.id;
  }
}
