/** One direction between two replicas of a `MemoryNetwork`, for as long as one connection would live, and the next. */
import type { PeerLinkHandlers } from '../../src/transport/peer-links.js';

/** Time from outside. Events due at the same time must come in the order in which they were asked for. */
export interface NetworkClock {
  now(): number;
  /** The answer calls it off. */
  after(delayMs: number, act: () => void): () => void;
}

/** What happens to single messages; probabilities from 0 to 1. */
export interface LinkFaults {
  readonly delayMs: readonly [least: number, most: number];
  readonly loss: number;
  readonly duplication: number;
  /** That a message overtakes, or is overtaken: its delay alone decides when it arrives. */
  readonly reordering: number;
}

/** A replica's links as the network knows them: gone when it closes or crashes, another object when it starts again. */
export interface MemoryNode {
  readonly id: number;
  readonly handlers: PeerLinkHandlers;
  open: boolean;
  reading: boolean;
}

export interface LinkOptions {
  readonly clock: NetworkClock;
  readonly random: () => number;
  readonly faults: () => LinkFaults;
  /** Nothing gets through; what is under way waits. */
  readonly blocked: () => boolean;
  readonly unsentBytesMax: number;
}

/** One connection. What is under way counts as unsent, until it has arrived or is lost. */
export class MemoryLink {
  readonly from: MemoryNode;
  readonly to: MemoryNode;
  readonly #options: LinkOptions;
  unsentBytes = 0;
  /** Nothing arrives after this time. */
  #endMs = Infinity;
  #lastArrivalMs = 0;
  /** Would have arrived but for a block, or a receiver that does not read. */
  #held: (() => void)[] = [];

  constructor(from: MemoryNode, to: MemoryNode, options: LinkOptions) {
    this.from = from;
    this.to = to;
    this.#options = options;
  }

  send(pieces: readonly Uint8Array[]): boolean {
    const message = new Uint8Array(Buffer.concat(pieces));
    const { unsentBytesMax, random } = this.#options;
    if (this.unsentBytes > 0 && this.unsentBytes + message.byteLength > unsentBytesMax) return false;
    const { loss, duplication } = this.#options.faults();
    const copies = random() < loss ? 0 : random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) this.#dispatch(message);
    return true;
  }

  /** Nothing more is sent. What is under way arrives up to a random moment; `now`: none of it does. */
  end(now: boolean): void {
    const [, most] = this.#options.faults().delayMs;
    const end = this.#options.clock.now() + (now ? -1 : most * this.#options.random());
    this.#endMs = Math.min(this.#endMs, end);
    this.unsentBytes = 0;
    this.#held = [];
  }

  /** What was held back may arrive now, if nothing else holds it. */
  release(): void {
    this.#options.clock.after(0, () => {
      if (this.#stalled) return;
      const held = this.#held;
      this.#held = [];
      for (const arrive of held) arrive();
    });
  }

  get #stalled(): boolean {
    return this.#options.blocked() || !this.to.reading;
  }

  #dispatch(message: Uint8Array): void {
    this.unsentBytes += message.byteLength;
    const { clock, random, faults } = this.#options;
    const { delayMs, reordering } = faults();
    const [least, most] = delayMs;
    const drawn = clock.now() + least + (most - least) * random();
    const inOrder = random() >= reordering;
    const arrival = inOrder ? Math.max(drawn, this.#lastArrivalMs) : drawn;
    if (inOrder) this.#lastArrivalMs = arrival;
    clock.after(arrival - clock.now(), () => {
      // What waits to be let through was sent before this and must not be overtaken.
      if (this.#held.length > 0 || this.#stalled) this.#hold(() => this.#arrive(message));
      else this.#arrive(message);
    });
  }

  #hold(arrive: () => void): void {
    if (this.#options.clock.now() <= this.#endMs) this.#held.push(arrive);
  }

  #arrive(message: Uint8Array): void {
    if (this.#options.clock.now() > this.#endMs || !this.to.open) return;
    this.unsentBytes = Math.max(0, this.unsentBytes - message.byteLength);
    // The receiver may use the bytes during the call only; after it they are spoilt.
    const lent = message.slice();
    this.to.handlers.message(this.from.id, lent);
    lent.fill(0xdd);
  }
}
