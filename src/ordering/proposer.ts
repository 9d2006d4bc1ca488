/**
 * Decides what goes into the next entry of one group's log: everything that has come, with the newest merge point.
 * Pure but for the log it proposes to.
 */
import { EntryKind, type GroupLog } from './group-log.js';

export interface ProposerOptions {
  readonly log: GroupLog;
  /** The newest group-0 index with a command for this stream; always 0 for group 0 itself. */
  readonly wanted: () => number;
  /** Frames beyond this go into the next entry (one larger frame has an entry of its own). */
  readonly entryBytesMax: number;
  readonly nowMs: () => number;
}

interface PendingFrame {
  readonly bytes: Uint8Array;
  readonly proposed: (index: number) => void;
}

export class Proposer {
  readonly #options: ProposerOptions;
  #pending: PendingFrame[] = [];
  #mergePoint: number;

  /** `mergePoint`: the highest one in the log so far. */
  constructor(options: ProposerOptions, mergePoint: number) {
    this.#options = options;
    this.#mergePoint = mergePoint;
  }

  /** Queues a frame; `proposed` is told the index of its entry. The bytes must not change afterwards. */
  add(bytes: Uint8Array, proposed: (index: number) => void): void {
    this.#pending.push({ bytes, proposed });
  }

  /** Proposes what is pending; an idle stream still follows group 0 with an entry that has a merge point alone. */
  flush(): boolean {
    const wanted = this.#options.wanted();
    if (this.#pending.length === 0 && wanted <= this.#mergePoint) return false;
    this.#mergePoint = Math.max(this.#mergePoint, wanted);
    const pending = this.#pending;
    this.#pending = [];
    let from = 0;
    do {
      const until = this.#endOfEntry(pending, from);
      this.#propose(pending.slice(from, until));
      from = until;
    } while (from < pending.length);
    return true;
  }

  #endOfEntry(pending: readonly PendingFrame[], from: number): number {
    let bytes = 0;
    let until = from;
    for (; until < pending.length; until++) {
      bytes += pending[until]?.bytes.byteLength ?? 0;
      if (bytes > this.#options.entryBytesMax && until > from) break;
    }
    return until;
  }

  #propose(frames: readonly PendingFrame[]): void {
    const { log, nowMs } = this.#options;
    const index = log.propose({
      kind: EntryKind.commands,
      mergePoint: this.#mergePoint,
      timestampMs: nowMs(),
      frames: frames.map((frame) => frame.bytes),
    });
    for (const frame of frames) frame.proposed(index);
  }
}
