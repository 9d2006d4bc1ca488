/**
 * What an operator is told of a disk that does not answer. A group's worker notices it while its own thread turns; where
 * that thread itself waits for the disk, on the spot, the main one does.
 */
import { PsmrError } from '../errors.js';

/** Longer than a healthy disk takes, however busy, and than a worker that turns is silent. */
const HANGS_MS = 2000;
export const LOOK_MS = 250;

export interface DiskReportsOptions {
  readonly dataDir: string;
  readonly groups: number;
  /** The group's thread has been silent for seconds: whether the disk is why. Other threads know it from then on. */
  readonly findStuckAtDisk: (group: number) => boolean;
  readonly problem: (problem: PsmrError) => void;
}

interface Seen {
  /** Since its worker was heard; time in which nobody looked does not count. */
  silentMs: number;
  /** Its thread stands still, and that was told. */
  stands: boolean;
  /** Its worker says so. */
  hangs: boolean;
}

export class DiskReports {
  readonly #options: DiskReportsOptions;
  readonly #seen: readonly Seen[];
  #lookedAt: number;

  constructor(options: DiskReportsOptions, nowMs: number) {
    this.#options = options;
    this.#seen = Array.from({ length: options.groups }, () => ({ silentMs: 0, stands: false, hangs: false }));
    this.#lookedAt = nowMs;
  }

  /** A worker says how it is, as it does several times a second. */
  hear(group: number, hangs: boolean): void {
    const seen = this.#seen[group];
    if (seen !== undefined) Object.assign(seen, { silentMs: 0, stands: false, hangs } satisfies Seen);
  }

  /** To be called every `LOOK_MS`. */
  look(nowMs: number): void {
    const passed = Math.min(nowMs - this.#lookedAt, 2 * LOOK_MS);
    this.#lookedAt = nowMs;
    const { findStuckAtDisk, problem, dataDir } = this.#options;
    for (const [group, seen] of this.#seen.entries()) {
      seen.silentMs += passed;
      if (seen.stands || seen.silentMs < HANGS_MS || !findStuckAtDisk(group)) continue;
      seen.stands = true;
      problem(threadStands(group, dataDir));
    }
  }

  /** For the status; null: the disk answers, as far as is known. */
  get reason(): string | null {
    const groups = [...this.#seen.keys()].filter((group) => {
      const { stands = false, hangs = false } = this.#seen[group] ?? {};
      return stands || hangs;
    });
    return groups.length === 0 ? null : `its disk does not answer: writes of group ${groups.join(', ')} wait`;
  }
}

/** Told by the group's worker. */
export function diskHangs(group: number, dataDir: string): PsmrError {
  return hanging(group, dataDir, 'Another replica is to lead the group.');
}

function threadStands(group: number, dataDir: string): PsmrError {
  const so = "The group's thread waits with it; groups led here that wait for what it executes are handed over.";
  return hanging(group, dataDir, so);
}

function hanging(group: number, dataDir: string, so: string): PsmrError {
  return new PsmrError(
    'STORAGE_FAILED',
    `The disk of ${dataDir} does not answer: a write of group ${group} has waited for seconds. ${so} ` +
      'Look at the disk; if it does not come back, kill the replica and rebuild it on another one.',
  );
}
