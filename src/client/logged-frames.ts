/**
 * The logged frames of one group: numbered without gaps within a session, executed exactly once. Decides what becomes
 * of them when a frame is refused, a link lost or a deadline missed. The rules:
 *
 * - A frame that was refused was not executed, and its numbers are unused. Frames after it cannot have been executed
 *   either, because numbers have no gaps.
 * - A frame that was under way when a link was lost may or may not have arrived. The same bytes may be sent again
 *   within its session (servers know numbers that they had); under another number it must never be sent.
 * - So when a refused frame is given up, those after it are held back until the frames before it are answered, and
 *   then sent in a new session.
 */
import type { PsmrError } from '../errors.js';
import { outcomeUnknown } from './client-errors.js';
import { FrameWindow } from './frame-window.js';
import type { SentFrame } from './sent-frame.js';

export class LoggedFrames {
  readonly window = new FrameWindow();
  session: Uint8Array;
  readonly #newSession: () => Uint8Array;
  /** Fails what a frame leaves unanswered; the channel counts it. */
  readonly #fail: (frame: SentFrame, error: PsmrError) => void;
  #held: SentFrame[] = [];
  #fenced = false;
  #gapsInRow = 0;
  #takeovers = 0;

  constructor(newSession: () => Uint8Array, fail: (frame: SentFrame, error: PsmrError) => void) {
    this.#newSession = newSession;
    this.#fail = fail;
    this.session = newSession();
  }

  /** No new frames may be numbered: the session is about to change. */
  get fenced(): boolean {
    return this.#fenced;
  }

  get frames(): number {
    return this.window.length + this.#held.length;
  }

  get deadline(): number {
    return Math.min(this.window.deadline, this.#held[0]?.deadline ?? Infinity);
  }

  answered(): void {
    this.#gapsInRow = 0;
  }

  /** The frames before `frame` are complete or will be; it, itself given up, and those after it leave the session. */
  giveUp(frame: SentFrame): void {
    const [, ...later] = this.window.cutFrom(frame);
    this.#hold(later, frame.uncertain);
    this.#fenced = true;
  }

  /** As `giveUp`, but numbers do not tell what became of those after it: another process gives them out, too. */
  conflict(frame: SentFrame): void {
    const [, ...later] = this.window.cutFrom(frame);
    this.#hold(later, true);
    this.#fenced = true;
  }

  /** Takes out `frame` and all after it that cannot have been executed, to be sent some other way. */
  takeBack(frame: SentFrame): SentFrame[] {
    this.#hold(this.window.cutFrom(frame), frame.uncertain);
    this.#fenced = true;
    const frames = this.#held;
    this.#held = [];
    return frames;
  }

  /** A gap before `frame`: its predecessors are on their way again, or the server has lost the session. */
  gap(frame: SentFrame): 'resend' | 'session lost' {
    const { oldest } = this.window;
    if (oldest === frame && ++this.#gapsInRow > 1) return 'session lost';
    if (oldest !== undefined) this.window.rewindTo(oldest);
    return 'resend';
  }

  /** The server does not know the session any more; `refused` is the frame that it said so about. */
  sessionLost(refused: SentFrame): void {
    const from = this.window.cutFrom(refused);
    this.#hold(from, refused.uncertain);
    this.#hold(this.window.takeAll(), true);
    this.#fenced = true;
  }

  /**
   * What was under way may have arrived. Where another connection has the session, that may be one of this client's own
   * that the server was slow to see; the second time it is somebody else, whose commands have the same numbers.
   */
  linkLost(error: PsmrError | null): void {
    this.window.linkLost();
    if (error?.code !== 'SESSION_EXPIRED' || ++this.#takeovers < 2) return;
    this.#hold(this.window.takeAll(), true);
    this.#fenced = true;
  }

  /** As `sessionLost`, told by a read-only frame: logged frames under way, if any, will be told themselves. */
  sessionUnknown(): void {
    if (this.window.length === 0) this.#fenced = true;
  }

  /** Gives up what waits for longer than its callers would. */
  expire(now: number, missed: (frame: SentFrame) => PsmrError, unknown: (frame: SentFrame) => PsmrError): void {
    if (this.deadline > now) return;
    const windowLate = this.window.deadline <= now;
    const waiting = windowLate ? [...this.window.takeAll(), ...this.#held] : this.#held;
    this.#held = [];
    if (windowLate) this.#fenced = true;
    for (const frame of waiting) {
      if (frame.maybeArrived) this.#fail(frame, unknown(frame));
      else if (frame.deadline <= now) this.#fail(frame, missed(frame));
      else this.#held.push(frame);
    }
  }

  /** Where the old session is complete: begins a new one with the frames held back. False: not yet, or no need. */
  changeSession(): boolean {
    if (!this.#fenced || this.window.length > 0) return false;
    this.#fenced = false;
    this.#gapsInRow = 0;
    this.#takeovers = 0;
    this.session = this.#newSession();
    this.window.nextSequence = 1;
    for (const frame of this.#held) this.window.append(frame.renumbered(this.session, this.window.nextSequence));
    this.#held = [];
    return true;
  }

  takeAll(): SentFrame[] {
    const frames = [...this.window.takeAll(), ...this.#held];
    this.#held = [];
    return frames;
  }

  /** Before what is held already: numbers grow from cut to cut backwards. */
  #hold(frames: readonly SentFrame[], uncertain: boolean): void {
    const certain: SentFrame[] = [];
    for (const frame of frames) {
      if (uncertain && frame.maybeArrived) this.#fail(frame, sessionGone());
      else certain.push(frame);
    }
    for (const frame of certain) frame.underWay = 0;
    this.#held.unshift(...certain);
  }
}

function sessionGone(): PsmrError {
  return outcomeUnknown('its session ended on the server, or another connection took it, before the answer came');
}
