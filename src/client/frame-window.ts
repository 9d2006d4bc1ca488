/**
 * The unanswered frames of one group in the order of their sequences, and which of them is to be transmitted next.
 * After a refusal or a lost link the cursor goes back and everything from there is sent again, byte for byte.
 */
import type { SentFrame } from './sent-frame.js';

export class FrameWindow {
  #frames: SentFrame[] = [];
  /** The place of the next frame to transmit; all before it were, on the present link. */
  #cursor = 0;
  /** The sequence that the next new frame begins with. */
  nextSequence = 1;

  get length(): number {
    return this.#frames.length;
  }

  /** The highest sequence at or below which all are answered. */
  get acknowledged(): number {
    return (this.#frames[0]?.firstSequence ?? this.nextSequence) - 1;
  }

  /** When the oldest frame's wait ends; Infinity where there is none. */
  get deadline(): number {
    return this.#frames[0]?.deadline ?? Infinity;
  }

  get oldest(): SentFrame | undefined {
    return this.#frames[0];
  }

  /** Frames transmitted on the present link and not answered. */
  get transmitted(): number {
    return this.#cursor;
  }

  append(frame: SentFrame): void {
    this.#frames.push(frame);
    this.nextSequence = frame.endSequence;
  }

  /** The next frame to transmit; undefined: all are under way. */
  get unsent(): SentFrame | undefined {
    return this.#frames[this.#cursor];
  }

  sent(frame: SentFrame): void {
    frame.underWay++;
    this.#cursor++;
  }

  /** Something was transmitted that is neither answered nor refused. */
  get waiting(): boolean {
    return this.#frames.some(({ underWay }) => underWay > 0);
  }

  /** The frames that a reply to [first, first + count) speaks of. */
  overlapping(first: number, count: number): SentFrame[] {
    return this.#frames.filter((frame) => frame.firstSequence < first + count && frame.endSequence > first);
  }

  /** Lets answered frames go. */
  settle(): void {
    const isOpen = (frame: SentFrame): boolean => frame.open > 0;
    if (this.#frames.every(isOpen)) return;
    this.#cursor = this.#frames.slice(0, this.#cursor).filter(isOpen).length;
    this.#frames = this.#frames.filter(isOpen);
  }

  /** The frame that begins there. */
  at(firstSequence: number): SentFrame | undefined {
    return this.#frames.find((frame) => frame.firstSequence === firstSequence);
  }

  /** True where the frame was transmitted since the cursor last went back behind it. */
  wasSent(frame: SentFrame): boolean {
    const place = this.#frames.indexOf(frame);
    return place >= 0 && place < this.#cursor;
  }

  /** Everything from `frame` on is to be transmitted again. */
  rewindTo(frame: SentFrame): void {
    const place = this.#frames.indexOf(frame);
    if (place >= 0) this.#cursor = Math.min(this.#cursor, place);
  }

  /** The link is gone: everything is to be transmitted again, on another. */
  linkLost(): void {
    for (const frame of this.#frames) frame.lostOnLink();
    this.#cursor = 0;
  }

  /** Takes out `frame` and all after it. */
  cutFrom(frame: SentFrame): SentFrame[] {
    const place = this.#frames.indexOf(frame);
    if (place < 0) return [];
    this.#cursor = Math.min(this.#cursor, place);
    return this.#frames.splice(place);
  }

  takeAll(): SentFrame[] {
    const frames = this.#frames;
    this.#frames = [];
    this.#cursor = 0;
    return frames;
  }
}
