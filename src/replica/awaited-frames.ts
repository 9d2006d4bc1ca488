import { commandCount, decodeReplyFrame, FLAG_READ_ONLY, type CommandsFrame } from '../transport/frames.js';

/** A client has fewer frames under way. */
const FRAMES_MAX = 1024;

/**
 * The frames that a client has sent by its present link and may get replies to, by their digests. A reply to anything
 * else is another process's that has used the session too: for this client it would be the answer to its own command
 * of that number.
 */
export class AwaitedFrames {
  /** The last sequence of each. A reply may come again, so they stay until they are acknowledged. */
  readonly #logged = new Map<number, number>();
  /** Of read-only frames: commands without a reply. */
  readonly #reads = new Map<number, number>();

  add(frame: CommandsFrame, digest: number): void {
    const count = commandCount(frame);
    if ((frame.flags & FLAG_READ_ONLY) !== 0) {
      forgetOldest(this.#reads, 0);
      this.#reads.set(digest, (this.#reads.get(digest) ?? 0) + count);
    } else {
      forgetOldest(this.#logged, frame.acknowledged);
      this.#logged.set(digest, frame.firstSequence + count - 1);
    }
  }

  /** Whether a reply to the frame of that digest is for this client. */
  answers(digest: number, reply: Uint8Array): boolean {
    if (((reply[1] ?? 0) & FLAG_READ_ONLY) === 0) return this.#logged.has(digest);
    const open = this.#reads.get(digest);
    if (open === undefined) return false;
    const { count } = decodeReplyFrame(reply);
    if (open > count) this.#reads.set(digest, open - count);
    else this.#reads.delete(digest);
    return true;
  }
}

function forgetOldest(frames: Map<number, number>, acknowledged: number): void {
  for (const [digest, last] of frames) {
    if (last > acknowledged && frames.size < FRAMES_MAX) return;
    frames.delete(digest);
  }
}
