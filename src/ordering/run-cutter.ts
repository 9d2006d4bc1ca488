/** Cuts the admitted commands of a group-0 entry into runs: consecutive ones with the same destinations and flags. */
import { sameStreams } from '../execution/stream-set.js';
import type { CommandsFrame, Segment } from '../transport/frames.js';
import type { Entry } from './group-log.js';
import type { SyncRun, SyncRunPart } from './sync-run.js';

/** A run is closed at this many bytes of commands: one rendezvous holds the values of all of them. */
const RUN_BYTES_MAX = 1 << 18;

interface OpenRun {
  readonly segment: Segment;
  readonly parts: SyncRunPart[];
  bytes: number;
}

export class RunCutter {
  readonly #entry: Entry;
  readonly #runs: SyncRun[] = [];
  #open: OpenRun | null = null;
  #position = 0;

  constructor(entry: Entry) {
    this.#entry = entry;
  }

  /** Adds a frame's commands; they take positions in the entry whether they are executed or not. */
  add(frame: CommandsFrame, count: number, digest: number, admitted: boolean): void {
    if (admitted) this.#addSegments(frame, digest);
    this.#position += count;
  }

  finish(): readonly SyncRun[] {
    this.#close();
    return this.#runs;
  }

  #addSegments(frame: CommandsFrame, digest: number): void {
    let offset = 0;
    for (const segment of frame.segments) {
      const run = this.#runFor(segment);
      run.bytes += segment.body.byteLength;
      run.parts.push({
        session: frame.session,
        firstSequence: frame.firstSequence + offset,
        firstPosition: this.#position + offset,
        count: segment.count,
        frameFlags: frame.flags,
        digest,
        body: segment.body,
      });
      offset += segment.count;
    }
  }

  #runFor(segment: Segment): OpenRun {
    const open = this.#open;
    if (
      open !== null &&
      open.segment.flags === segment.flags &&
      sameStreams(open.segment, segment) &&
      open.bytes + segment.body.byteLength <= RUN_BYTES_MAX &&
      open.parts.length < 0xffff
    ) {
      return open;
    }
    this.#close();
    this.#open = { segment, parts: [], bytes: 0 };
    return this.#open;
  }

  #close(): void {
    if (this.#open === null) return;
    const { segment, parts } = this.#open;
    const { kind, index, timestampMs } = this.#entry;
    this.#runs.push({ kind, flags: segment.flags, low: segment.low, high: segment.high, index, timestampMs, parts });
    this.#open = null;
  }
}
