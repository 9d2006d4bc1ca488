/** One way to a group: commands that wait, the frames cut from them, and the link that these take. */
import type { PsmrError } from '../errors.js';
import type { ChannelHost } from './channel-host.js';
import { CommandQueue, type Commands } from './command-queue.js';
import { FrameBuilder } from './frame-builder.js';
import { encodeFrame, pick } from './frame-encoder.js';
import type { FrameWindow } from './frame-window.js';
import type { LinkUse } from './group-link.js';
import { LinkLine } from './link-line.js';
import type { LoggedFrames } from './logged-frames.js';
import { SentFrame } from './sent-frame.js';

export interface LaneParts {
  readonly group: number;
  readonly host: ChannelHost;
  readonly use: LinkUse;
  /** Where frames with writes go; null: there are none in this lane. */
  readonly logged: LoggedFrames | null;
  /** Where read-only frames go. */
  readonly reads: FrameWindow;
  readonly session: () => Uint8Array;
  readonly receive: (bytes: Uint8Array) => void;
  /** The link may have room now. */
  readonly ready: () => void;
  readonly failQueued: (commands: Commands, error: PsmrError) => void;
}

export class GroupLane {
  readonly queue = new CommandQueue();
  readonly line: LinkLine;
  readonly #parts: LaneParts;
  readonly #builder: FrameBuilder;
  /**
   * How many frames may be under way. One after a link was lost, twice as many after each reply: whoever was cut off for
   * the replies that he had not read yet would be so again, and for ever, if he asked for all of them at once.
   */
  #allowed = Infinity;

  constructor(parts: LaneParts) {
    const { group, host, use, logged, reads, session } = parts;
    this.#parts = parts;
    this.#builder = new FrameBuilder(this.queue, host.limits, parts.failQueued);
    const open = host.openLink;
    this.line = new LinkLine((handlers) => open(group, session(), handlers, use), host.clock, host.limits.silenceMs, {
      frame: (bytes) => {
        this.#allowed *= 2;
        parts.receive(bytes);
      },
      waiting: () => reads.waiting || logged?.window.waiting === true,
      ready: () => parts.ready(),
      lost: (error) => {
        this.#allowed = 1;
        logged?.linkLost(error);
        reads.linkLost();
      },
      ended: (error) => host.ended(error),
    });
  }

  /** Sends as much as may be sent now. */
  pump(): void {
    const { logged, reads } = this.#parts;
    for (;;) {
      const window = logged?.window.unsent === undefined ? reads : logged.window;
      const frame = window.unsent ?? this.#build();
      if (frame === undefined) return;
      // A frame just built stands in one of the windows: the next round sends it.
      if (window.unsent !== frame) continue;
      if (reads.transmitted + (logged?.window.transmitted ?? 0) >= this.#allowed) return;
      if (!this.line.send(frame.bytes)) return;
      window.sent(frame);
    }
  }

  /** Puts a new frame at the end of its window. Undefined: nothing to send, or too much under way. */
  #build(): SentFrame | undefined {
    const { host, logged, reads, session } = this.#parts;
    const frames = reads.length + (logged?.frames ?? 0);
    if (logged?.fenced === true || frames >= host.limits.framesInFlightMax) return undefined;
    const built = this.#builder.next();
    if (built === null) return undefined;
    const { commands, content } = built;
    const window = content.readOnly || logged === null ? reads : logged.window;
    const header = {
      epoch: host.epoch(),
      session: session(),
      firstSequence: window.nextSequence,
      acknowledged: content.readOnly ? 0 : window.acknowledged,
    };
    const calls = content.order === null ? commands.calls : pick(commands.calls, content.order);
    const slots = content.order === null ? commands.slots : pick(commands.slots, content.order);
    const deadline = earliest(commands.deadlines);
    const frame = new SentFrame(header.firstSequence, encodeFrame(header, content), calls, slots, deadline);
    window.append(frame);
    return frame;
  }
}

function earliest(deadlines: readonly number[]): number {
  let least = Infinity;
  for (const deadline of deadlines) if (deadline < least) least = deadline;
  return least;
}
