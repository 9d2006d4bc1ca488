/** One group's link over time: opens it when there is something to send, again after a loss, and waits in between. */
import { PsmrError } from '../errors.js';
import type { ClientClock } from './client-clock.js';
import type { GroupLink, GroupLinkHandlers } from './group-link.js';
import { SilenceWatch } from './silence-watch.js';

const BACKOFF_MIN_MS = 1;
const BACKOFF_MAX_MS = 500;
/** How long a link whose replica does not lead may take to refuse all that was sent to it. */
const LEAVE_AFTER_MS = 100;
/** A link on which nothing has come for so many times `silenceMs`, though it should have, is taken for dead. */
const SILENCES_MAX = 10;

export interface LineHandlers {
  frame(bytes: Uint8Array): void;
  /** Whether frames that the present link has taken are neither answered nor refused. */
  waiting(): boolean;
  /** There may be room now. */
  ready(): void;
  /**
   * What was under way is lost or not: unknown. The line opens another link by itself when asked to send. Null: its
   * replica was left for another.
   */
  lost(error: PsmrError | null): void;
  /** No other link will help. */
  ended(error: PsmrError): void;
}

export class LinkLine {
  readonly #open: (handlers: GroupLinkHandlers) => GroupLink;
  readonly #clock: ClientClock;
  readonly #handlers: LineHandlers;
  #link: GroupLink | null = null;
  /** Counts links, so that what a former one still says is not heard. */
  #generation = 0;
  #setbacks = 0;
  #resume: (() => void) | null = null;
  readonly #silence: SilenceWatch;
  #silences = 0;
  /** Cancels the end of the wait for the last refusals of a link that is to be left; null: it is not. */
  #leaving: (() => void) | null = null;
  #closed = false;
  /** Why the last link was lost. */
  lastError: PsmrError | null = null;

  constructor(
    open: (handlers: GroupLinkHandlers) => GroupLink,
    clock: ClientClock,
    silenceMs: number,
    handlers: LineHandlers,
  ) {
    this.#open = open;
    this.#clock = clock;
    this.#handlers = handlers;
    const waiting = (): boolean => handlers.waiting();
    this.#silence = new SilenceWatch({ clock, silenceMs, waiting, silent: () => this.#silent(silenceMs) });
  }

  /** False: not now; `ready` comes when it is worth another try. */
  send(frame: Uint8Array): boolean {
    if (this.#closed || this.#resume !== null || this.#leaving !== null) return false;
    this.#link ??= this.#open(this.#handlersOf(++this.#generation));
    this.#silence.sending();
    return this.#link.send(frame);
  }

  /** Sends nothing for a while, longer with each setback in a row. */
  pause(): void {
    if (this.#resume !== null || this.#closed) return;
    const delayMs = Math.min(BACKOFF_MAX_MS, BACKOFF_MIN_MS * 2 ** this.#setbacks) * (0.5 + this.#clock.random() / 2);
    this.#setbacks = Math.min(this.#setbacks + 1, 20);
    this.#resume = this.#clock.after(delayMs, () => {
      this.#resume = null;
      this.#handlers.ready();
    });
  }

  /**
   * The replica at the other end does not lead; `leader` does (0: not told). The next link goes there, once all that
   * this one has taken is refused: so nothing of it counts as perhaps executed without need.
   */
  notLeader(leader: number): void {
    if (this.#link === null) return;
    this.#link.refused(leader);
    this.#leaving ??= this.#clock.after(LEAVE_AFTER_MS, () => this.#leave());
  }

  /** Something was achieved: setbacks count anew. */
  progress(): void {
    this.#setbacks = 0;
    this.lastError = null;
  }

  /** Gives the present link up for a reason that is the peer's fault. */
  drop(error: PsmrError): void {
    if (this.#link === null) return;
    this.reset();
    this.#down(error);
  }

  /** Closes the present link without telling: the next `send` opens another. */
  reset(): void {
    this.#generation++;
    this.#link?.close();
    this.#unlink();
  }

  close(): void {
    this.#closed = true;
    this.reset();
    this.#resume?.();
    this.#resume = null;
  }

  #unlink(): void {
    this.#link = null;
    this.#leaving?.();
    this.#leaving = null;
    this.#silence.stop();
    this.#silences = 0;
  }

  #silent(silenceMs: number): void {
    if (++this.#silences < SILENCES_MAX) return this.#link?.suspect();
    this.drop(new PsmrError('UNREACHABLE', `nothing came for ${SILENCES_MAX * silenceMs} ms`));
  }

  #leave(): void {
    this.reset();
    this.pause();
    this.#handlers.lost(null);
  }

  #down(error: PsmrError): void {
    this.#unlink();
    this.lastError = error;
    this.pause();
    this.#handlers.lost(error);
  }

  #handlersOf(generation: number): GroupLinkHandlers {
    const current = (): boolean => generation === this.#generation;
    return {
      frame: (bytes) => {
        if (!current()) return;
        this.#silences = 0;
        this.#silence.heard();
        this.#handlers.frame(bytes);
        if (current() && this.#leaving !== null && !this.#handlers.waiting()) this.#leave();
      },
      writable: () => {
        if (current() && this.#resume === null) this.#handlers.ready();
      },
      lost: (error, retry) => {
        if (!current()) return;
        this.#generation++;
        if (retry) return this.#down(error);
        this.#unlink();
        this.#handlers.ended(error);
      },
    };
  }
}
