/** Times some of the frames of one group, from when they come in until their reply goes out. */
import type { Recording } from '../memory/recordings.js';
import { FLAG_READ_ONLY } from '../transport/frames.js';
import { bucketOf } from './latency-buckets.js';
import { Sampler } from './sampler.js';

const OPEN_MAX = 256;
/** A frame without an answer for so long has lost its client. */
const FORGOTTEN_US = 60e6;
const LOOK_EVERY_US = 1e6;

/** Where a frame's and a reply's first sequence stand (Float64). */
const FRAME_SEQUENCE = 24;
const REPLY_SEQUENCE = 8;

interface OpenFrame {
  readonly session: string;
  readonly sinceUs: number;
}

export class FrameLatency {
  readonly #recording: Pick<Recording, 'latency' | 'latencyUs'>;
  readonly #nowUs: () => number;
  /** By a hash of the sequence, oldest first. */
  readonly #open = new Map<number, OpenFrame>();
  readonly #samples = new Sampler();
  #nextLookUs = 0;

  constructor(recording: Pick<Recording, 'latency' | 'latencyUs'>, nowUs: () => number) {
    this.#recording = recording;
    this.#nowUs = nowUs;
  }

  /** The worker has polled once more. */
  turn(nowUs: number): void {
    this.#samples.turn(nowUs);
    if (nowUs < this.#nextLookUs) return;
    this.#nextLookUs = nowUs + LOOK_EVERY_US;
    for (const [tag, { sinceUs }] of this.#open) {
      if (nowUs - sinceUs < FORGOTTEN_US) break;
      this.#open.delete(tag);
    }
  }

  /** A frame was taken in. */
  cameIn(session: string, frame: Uint8Array): void {
    if (this.#samples.skip > 0) {
      this.#samples.skip--;
      return;
    }
    this.#samples.chosen();
    if (this.#open.size >= OPEN_MAX) return;
    const tag = tagOf(frame, FRAME_SEQUENCE);
    if (this.#open.has(tag)) return;
    this.#open.set(tag, { session, sinceUs: this.#nowUs() });
  }

  /** What is under way will not be answered from here. */
  forget(): void {
    this.#open.clear();
  }

  /** A reply goes out. */
  answered(session: string, reply: Uint8Array): void {
    if (this.#open.size === 0) return;
    const tag = tagOf(reply, REPLY_SEQUENCE);
    const open = this.#open.get(tag);
    if (open?.session !== session) return;
    this.#open.delete(tag);
    const us = Math.max(0, this.#nowUs() - open.sinceUs);
    const { latency, latencyUs } = this.#recording;
    const bucket = bucketOf(us);
    latency[bucket] = (latency[bucket] ?? 0) + 1;
    latencyUs[0] = (latencyUs[0] ?? 0) + us;
  }
}

/** Of the eight bytes of a sequence. Reads count their own. */
function tagOf(bytes: Uint8Array, at: number): number {
  const low = word(bytes, at);
  const high = word(bytes, at + 4);
  const flags = (bytes[1] ?? 0) & FLAG_READ_ONLY;
  return Math.imul(low ^ Math.imul(high ^ (flags << 30), 0x9e37_79b1), 0x85eb_ca6b) ^ high;
}

function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] as number) |
    ((bytes[at + 1] as number) << 8) |
    ((bytes[at + 2] as number) << 16) |
    ((bytes[at + 3] as number) << 24)
  );
}
