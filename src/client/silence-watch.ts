/** Notices that frames are unanswered and nothing at all has come for a while. Costs no timer per frame. */
import type { ClientClock } from './client-clock.js';

export interface SilenceWatchOptions {
  readonly clock: ClientClock;
  readonly silenceMs: number;
  /** Whether an answer is due. */
  readonly waiting: () => boolean;
  /** Called again after each `silenceMs` more. */
  readonly silent: () => void;
}

export class SilenceWatch {
  readonly #options: SilenceWatchOptions;
  #sinceMs = 0;
  #cancel: (() => void) | null = null;

  constructor(options: SilenceWatchOptions) {
    this.#options = options;
  }

  /** A frame is about to be sent. */
  sending(): void {
    const { clock, silenceMs, waiting } = this.#options;
    if (silenceMs === Infinity) return;
    if (this.#cancel === null || !waiting()) this.#sinceMs = clock.now();
    if (this.#cancel === null) this.#checkAfter(silenceMs);
  }

  heard(): void {
    if (this.#cancel !== null) this.#sinceMs = this.#options.clock.now();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = null;
  }

  #checkAfter(delayMs: number): void {
    this.#cancel = this.#options.clock.after(delayMs, () => this.#check());
  }

  #check(): void {
    const { clock, silenceMs, waiting, silent } = this.#options;
    this.#cancel = null;
    if (!waiting()) return;
    const leftMs = this.#sinceMs + silenceMs - clock.now();
    this.#checkAfter(leftMs > 0 ? leftMs : silenceMs);
    if (leftMs <= 0) silent();
  }
}
