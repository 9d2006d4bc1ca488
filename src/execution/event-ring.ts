/**
 * The newest events of one stream. Commands publish them in the order of execution, so number and content of an event
 * are a function of the logs (invariant I1): every replica has the same, and a subscriber may go on at any of them.
 */
import { encodableStored, type Stored } from '../service/values.js';
import { decodeValue, encodeValue } from './command-batch.js';

export interface EventLimits {
  /** Events that a stream keeps for those who come back. */
  readonly eventsKeptMax: number;
  readonly eventsKeptBytesMax: number;
}

/** A place between the events of a stream: behind the one with this number. */
export interface EventPlace {
  /** Which history the numbers are of: the time of its first event, ms since 1970; 0: nothing was published yet. */
  readonly origin: number;
  /** Events count from 1. */
  readonly sequence: number;
}

export interface KeptEvent {
  readonly key: string;
  /** MessagePack [sequence, time of its command in ms since 1970, key, value]: encoded once, for all subscribers. */
  readonly bytes: Uint8Array;
}

/** Dropped events at the front of the array are cut off when there are so many, and as many as are kept. */
const CUT_AT_LEAST = 64;

export class EventRing {
  readonly #limits: EventLimits;
  #events: (KeptEvent | undefined)[] = [];
  /** Events before this place of the array are dropped. */
  #head = 0;
  #bytes = 0;
  #origin = 0;
  #last = 0;

  constructor(limits: EventLimits) {
    this.#limits = limits;
  }

  /** The number of the newest event; 0: there was none. */
  get last(): number {
    return this.#last;
  }

  /** The number of the oldest event that is kept; one above `last` where none is. */
  get first(): number {
    return this.#last - (this.#events.length - this.#head) + 1;
  }

  /** Whoever has come to here has half of what may be kept before it is left behind, or more. */
  get middle(): number {
    const { eventsKeptMax, eventsKeptBytesMax } = this.#limits;
    const kept = this.#events.length - this.#head;
    const full = Math.max(kept / eventsKeptMax, this.#bytes / eventsKeptBytesMax);
    return full <= 0.5 ? 0 : this.#last - kept / full / 2;
  }

  get origin(): number {
    return this.#origin;
  }

  append(key: string, value: Stored, timestampMs: number): void {
    if (this.#last === 0) this.#origin = Math.max(1, timestampMs);
    this.#keep(key, encodeValue([++this.#last, timestampMs, key, encodableStored(value)]));
  }

  /** Undefined: it is dropped, or not published yet. */
  get(sequence: number): KeptEvent | undefined {
    const place = sequence - this.first;
    return place < 0 ? undefined : this.#events[this.#head + place];
  }

  /** Whether all events behind the place can still be had. */
  reaches({ origin, sequence }: EventPlace): boolean {
    if (sequence > this.#last || sequence + 1 < this.first) return false;
    return sequence === 0 ? origin === 0 || origin === this.#origin : origin === this.#origin;
  }

  /** For a checkpoint: where the history stands, and the events kept, as `restore` takes them. */
  encode(): { readonly place: Uint8Array; readonly events: readonly Uint8Array[] } {
    const place = encodeValue([this.#origin, this.#last]);
    const events: Uint8Array[] = [];
    for (const event of this.#events) if (event !== undefined) events.push(event.bytes);
    return { place, events };
  }

  restorePlace(place: Uint8Array): void {
    [this.#origin, this.#last] = decodeValue(place) as [number, number];
  }

  /** One event after another, the oldest first, after `restorePlace`. */
  restoreEvent(bytes: Uint8Array): void {
    const [, , key] = decodeValue(bytes) as [number, number, string];
    this.#keep(key, bytes);
  }

  #keep(key: string, encoded: Uint8Array): void {
    const { eventsKeptMax, eventsKeptBytesMax } = this.#limits;
    // A copy: what MessagePack encodes is a view of a larger buffer, which would be kept with it.
    const bytes = new Uint8Array(encoded);
    this.#events.push({ key, bytes });
    this.#bytes += bytes.byteLength;
    // The newest one stays, however large.
    while (this.#events.length - this.#head > 1) {
      if (this.#events.length - this.#head <= eventsKeptMax && this.#bytes <= eventsKeptBytesMax) break;
      this.#bytes -= this.#events[this.#head]?.bytes.byteLength ?? 0;
      this.#events[this.#head++] = undefined;
    }
    if (this.#head < CUT_AT_LEAST || this.#head * 2 < this.#events.length) return;
    this.#events = this.#events.slice(this.#head);
    this.#head = 0;
  }
}
