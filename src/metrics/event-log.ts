/** What has happened lately that an operator may want to know: the newest, so many. */
export const EVENT_KINDS = ['start', 'leader', 'checkpoint', 'slow', 'problem', 'notice'] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

export interface LoggedEvent {
  /** From 1 on, without gaps: what is missing was dropped. */
  readonly number: number;
  /** Since 1970. */
  readonly atMs: number;
  readonly kind: EventKind;
  readonly text: string;
}

const KEPT = 200;
const TEXT_LENGTH_MAX = 400;

export class EventLog {
  readonly #nowMs: () => number;
  readonly #events: LoggedEvent[] = [];
  #last = 0;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  add(kind: EventKind, text: string): void {
    const shown = text.length > TEXT_LENGTH_MAX ? `${text.slice(0, TEXT_LENGTH_MAX)}...` : text;
    this.#events.push({ number: ++this.#last, atMs: this.#nowMs(), kind, text: shown });
    if (this.#events.length > KEPT) this.#events.shift();
  }

  /** Oldest first. */
  since(number: number): LoggedEvent[] {
    return this.#events.filter((event) => event.number > number);
  }
}
