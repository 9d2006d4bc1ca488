/**
 * From one totally ordered feed to per-stream logs with merge points: pure. The result is equal to executing the feed
 * one command at a time (section 3 of the design): a cross-stream command's merge point stands in each of its streams
 * exactly between the commands before it and those after it.
 */
import { streamsOf } from '../execution/stream-set.js';
import type { StreamMask } from '../transport/frames.js';

/** A command of the feed, classified. `at` is its position in the appended batch. */
export interface PlacedCommand {
  readonly name: string;
  readonly args: unknown;
  readonly at: number;
  readonly mask: StreamMask;
  readonly everyKey: boolean;
  readonly readOnly: boolean;
}

/** One entry to append to a group's log. In group 0's the merge point is 0. */
export interface PlannedEntry {
  readonly group: number;
  readonly mergePoint: number;
  readonly commands: readonly PlacedCommand[];
}

interface StreamPlan {
  pending: PlacedCommand[];
  /** Group-0 index that must be executed before what is pending. */
  mergePoint: number;
  /** The merge point of the last entry planned. */
  plannedMergePoint: number;
}

export class FeedPlan {
  readonly #streams: StreamPlan[];
  readonly #entries: PlannedEntry[] = [];
  #nextSyncIndex: number;
  #sync: PlacedCommand[] = [];

  /** `nextSyncIndex`: the index that group 0's next entry will have. */
  constructor(streams: number, nextSyncIndex: number) {
    this.#nextSyncIndex = nextSyncIndex;
    const mergePoint = nextSyncIndex - 1;
    this.#streams = Array.from({ length: streams + 1 }, () => ({
      pending: [],
      mergePoint,
      plannedMergePoint: mergePoint,
    }));
  }

  get nextSyncIndex(): number {
    return this.#nextSyncIndex;
  }

  add(command: PlacedCommand): void {
    const streams = streamsOf(command.mask);
    const [only] = streams;
    if (streams.length === 1 && only !== undefined) this.#stream(only).pending.push(command);
    else this.#addCross(command, streams);
  }

  /** Puts an entry of its own into group 0 that concerns every stream (a checkpoint); returns the entries before it. */
  closeBeforeSyncEntry(): PlannedEntry[] {
    const entries = this.finish();
    const index = this.#nextSyncIndex++;
    for (let stream = 1; stream < this.#streams.length; stream++) this.#stream(stream).mergePoint = index;
    return entries;
  }

  /** Plans what is pending, and an empty entry for each stream that has yet to follow group 0. */
  finish(): PlannedEntry[] {
    this.#closeSync();
    for (let stream = 1; stream < this.#streams.length; stream++) {
      const plan = this.#stream(stream);
      if (plan.pending.length > 0 || plan.mergePoint > plan.plannedMergePoint) this.#planStream(stream);
    }
    return this.#entries.splice(0);
  }

  #addCross(command: PlacedCommand, streams: readonly number[]): void {
    // Commands of a destination that came after the open group-0 entry must stay between it and this one.
    const between = streams.some((stream) => {
      const plan = this.#stream(stream);
      return plan.mergePoint === this.#nextSyncIndex && plan.pending.length > 0;
    });
    if (between) this.#closeSync();
    for (const stream of streams) {
      const plan = this.#stream(stream);
      if (plan.pending.length > 0) this.#planStream(stream);
      plan.mergePoint = this.#nextSyncIndex;
    }
    this.#sync.push(command);
  }

  #closeSync(): void {
    if (this.#sync.length === 0) return;
    this.#entries.push({ group: 0, mergePoint: 0, commands: this.#sync });
    this.#sync = [];
    this.#nextSyncIndex++;
  }

  #planStream(stream: number): void {
    const plan = this.#stream(stream);
    this.#entries.push({ group: stream, mergePoint: plan.mergePoint, commands: plan.pending });
    plan.plannedMergePoint = plan.mergePoint;
    plan.pending = [];
  }

  #stream(stream: number): StreamPlan {
    const plan = this.#streams[stream];
    if (plan === undefined) throw new Error(`broken invariant: there is no stream ${stream}`);
    return plan;
  }
}
