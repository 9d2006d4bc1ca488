/** One group's link over time: opens it when there is something to send, again after a loss, and waits in between. */
import type { PsmrError } from '../errors.js';
import type { ClientClock } from './client-clock.js';
import type { GroupLink, GroupLinkHandlers } from './group-link.js';

const BACKOFF_MIN_MS = 1;
const BACKOFF_MAX_MS = 500;

export interface LineHandlers {
  frame(bytes: Uint8Array): void;
  /** There may be room now. */
  ready(): void;
  /** What was under way is lost or not: unknown. The line opens another link by itself when asked to send. */
  lost(): void;
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
  #closed = false;
  /** Why the last link was lost. */
  lastError: PsmrError | null = null;

  constructor(open: (handlers: GroupLinkHandlers) => GroupLink, clock: ClientClock, handlers: LineHandlers) {
    this.#open = open;
    this.#clock = clock;
    this.#handlers = handlers;
  }

  /** False: not now; `ready` comes when it is worth another try. */
  send(frame: Uint8Array): boolean {
    if (this.#closed || this.#resume !== null) return false;
    this.#link ??= this.#open(this.#handlersOf(++this.#generation));
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
    this.#link = null;
  }

  close(): void {
    this.#closed = true;
    this.reset();
    this.#resume?.();
    this.#resume = null;
  }

  #down(error: PsmrError): void {
    this.#link = null;
    this.lastError = error;
    this.pause();
    this.#handlers.lost();
  }

  #handlersOf(generation: number): GroupLinkHandlers {
    const current = (): boolean => generation === this.#generation;
    return {
      frame: (bytes) => {
        if (current()) this.#handlers.frame(bytes);
      },
      writable: () => {
        if (current() && this.#resume === null) this.#handlers.ready();
      },
      lost: (error, retry) => {
        if (!current()) return;
        this.#generation++;
        if (retry) return this.#down(error);
        this.#link = null;
        this.#handlers.ended(error);
      },
    };
  }
}
