/** What the logs of a group have handed out, judged as it comes: one history, whoever tells of it and however often. */
import { expect } from 'vitest';
import type { Entry, GroupLog } from '../../src/ordering/group-log.js';

/** One replica's log, from one start of it to its end. */
export interface OpenLog {
  readonly log: GroupLog;
  /** What `take` has handed out since the start. */
  readonly taken: readonly Entry[];
  readonly failure: Error | null;
}

const contentOf = ({ kind, timestampMs, mergePoint, frames }: Entry): string =>
  JSON.stringify([kind, timestampMs, mergePoint, frames.map((frame) => Buffer.from(frame).toString('latin1'))]);

export class GroupLogHistory {
  /** What stands at each index, as it was first handed out. */
  readonly #entries: (Entry | undefined)[] = [];
  /** How much of each log was looked at. */
  readonly #seen = new WeakMap<OpenLog, number>();

  get lastIndex(): number {
    return Math.max(0, this.#entries.length - 1);
  }

  /** Reads what the logs have handed out since the last time. */
  check(logs: readonly OpenLog[]): void {
    for (const open of logs) {
      const seen = this.#seen.get(open) ?? 0;
      for (let at = seen; at < open.taken.length; at++) this.#add(open, at);
      this.#seen.set(open, open.taken.length);
      const { firstIndex, lastIndex, committedIndex } = open.log;
      expect(open.taken.at(-1)?.index ?? 0, 'only what is committed is handed out').toBeLessThanOrEqual(committedIndex);
      expect(committedIndex, 'what is committed is there').toBeLessThanOrEqual(lastIndex);
      expect(firstIndex).toBeLessThanOrEqual(lastIndex + 1);
      expect(open.failure).toBeNull();
    }
  }

  /** Time and merge points never fall along the log. */
  checkMonotone(): void {
    let before: Entry | undefined;
    for (const entry of this.#entries) {
      if (before !== undefined && entry !== undefined) {
        expect(entry.timestampMs, `time at ${entry.index}`).toBeGreaterThanOrEqual(before.timestampMs);
        expect(entry.mergePoint, `merge point at ${entry.index}`).toBeGreaterThanOrEqual(before.mergePoint);
      }
      before = entry ?? before;
    }
  }

  #add({ taken }: OpenLog, at: number): void {
    const entry = taken[at];
    if (entry === undefined) throw new Error('what was taken stays');
    const before = taken[at - 1];
    if (before !== undefined) expect(entry.index, 'no gap, nothing twice').toBe(before.index + 1);
    const known = this.#entries[entry.index];
    if (known === undefined)
      this.#entries[entry.index] = { ...entry, frames: entry.frames.map((frame) => frame.slice()) };
    else expect(contentOf(entry), `entry ${entry.index}`).toBe(contentOf(known));
  }
}
