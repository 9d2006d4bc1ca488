import type { ClientClock } from '../../src/client/client-clock.js';

/** Numbers in [0, 1) that the seed alone decides (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly act: () => void;
}

/** Time that passes only when told to; everything happens in one thread, in the order of time. */
export class SimulatedClock implements ClientClock {
  readonly random: () => number;
  #now = 0;
  #order = 0;
  #events: Event[] = [];

  constructor(random: () => number) {
    this.random = random;
  }

  now(): number {
    return this.#now;
  }

  soon(act: () => void): void {
    this.after(0, act);
  }

  after(delayMs: number, act: () => void): () => void {
    const event: Event = { at: this.#now + delayMs, order: this.#order++, act };
    this.#events.push(event);
    return () => {
      const at = this.#events.indexOf(event);
      if (at >= 0) this.#events.splice(at, 1);
    };
  }

  /** When the next thing happens; Infinity: nothing is left to happen. */
  get nextMs(): number {
    return this.#next()?.at ?? Infinity;
  }

  /** Lets everything happen until `untilMs`. */
  run(untilMs: number): void {
    for (let next = this.#next(); next !== undefined && next.at <= untilMs; next = this.#next()) {
      this.#events.splice(this.#events.indexOf(next), 1);
      this.#now = Math.max(this.#now, next.at);
      next.act();
    }
  }

  #next(): Event | undefined {
    let next: Event | undefined;
    for (const event of this.#events)
      if (next === undefined || event.at < next.at || (event.at === next.at && event.order < next.order)) next = event;
    return next;
  }
}
