/** What group 0's worker tells the streams of its replica through control words, and what they tell it. */
import { maskOf, streamsOf } from '../execution/stream-set.js';
import type { ControlBlock } from '../memory/control-block.js';
import { EntryKind, type Entry } from '../ordering/group-log.js';
import { decodeCommandsFrame, type CommandsFrame, type StreamMask } from '../transport/frames.js';

export class StreamSignals {
  readonly allStreams: StreamMask;
  readonly #control: ControlBlock;
  readonly #streams: number;

  constructor(control: ControlBlock, streams: number) {
    this.#control = control;
    this.#streams = streams;
    this.allStreams = maskOf(Array.from({ length: streams }, (_, at) => at + 1));
  }

  /** Tells streams that group 0 has grown by a command for them: they log the merge point while this log syncs. */
  announce(mask: StreamMask, index: number): void {
    for (const stream of streamsOf(mask)) {
      if (this.#control.wanted(stream) >= index) continue;
      this.#control.setWanted(stream, index);
      this.#control.bell(stream).ring();
    }
  }

  announceFrame(frame: CommandsFrame, index: number): void {
    for (const segment of frame.segments) this.announce(segment, index);
  }

  announceEntry({ index, kind, frames }: Pick<Entry, 'index' | 'kind' | 'frames'>): void {
    if (kind === EntryKind.checkpoint) this.announce(this.allStreams, index);
    else if (kind === EntryKind.commands)
      for (const bytes of frames) this.announceFrame(decodeCommandsFrame(bytes), index);
  }

  /** Tells a stream how far it can read; wakes it if it waits for just that. */
  publishDelivered(stream: number, index: number): void {
    const before = this.#control.delivered(stream);
    if (before === index) return;
    this.#control.setDelivered(stream, index);
    if (this.#control.awaited(stream) > before) this.#control.bell(stream).ring();
  }

  /** The newest index that a stream of this replica cannot pass until group 0 has filled it. */
  get awaited(): number {
    let awaited = 0;
    for (let stream = 1; stream <= this.#streams; stream++) {
      awaited = Math.max(awaited, this.#control.awaited(stream));
    }
    return awaited;
  }
}
