/** The rings between one worker and the others: ordered runs in, results out, values of a rendezvous both ways. */
import type { ControlBlock } from '../memory/control-block.js';
import type { Doorbell } from '../memory/doorbell.js';
import { RingReader, RingWriter } from '../memory/ring.js';

/** A ring towards one other worker. Messages leave at once: somebody is waiting for them. */
export class OutgoingLink {
  readonly #ring: RingWriter;
  readonly #bell: Doorbell;
  #waiting: Uint8Array[] = [];

  constructor(ring: SharedArrayBuffer, bell: Doorbell) {
    this.#ring = new RingWriter(ring);
    this.#bell = bell;
  }

  /** Whether everything sent so far is in the ring; its users send no more while it is not. */
  get clear(): boolean {
    return this.#waiting.length === 0 && !this.#ring.heldBack;
  }

  send(message: Uint8Array): void {
    if (this.#waiting.length > 0 || !this.#ring.offer(message)) this.#waiting.push(message);
    this.publish();
  }

  /** Writes what had to wait; true: something moved. */
  flush(): boolean {
    if (this.clear) return false;
    let moved = this.#ring.heldBack && this.#ring.flush();
    while (this.#waiting.length > 0 && this.#ring.offer(this.#waiting[0] as Uint8Array)) {
      this.#waiting.shift();
      moved = true;
    }
    this.publish();
    return moved;
  }

  publish(): void {
    if (this.#ring.publish()) this.#bell.ring();
  }
}

/** The memory of all rings between workers, made once by the engine. */
export interface LinkMemory {
  /** ordered[i]: group 0 to stream i (index 0 unused). */
  readonly ordered: readonly SharedArrayBuffer[];
  /** results[i]: stream i to group 0 (index 0 unused). */
  readonly results: readonly SharedArrayBuffer[];
  /** exchange[i][j]: stream i to stream j (indexes 0 and i = j unused). */
  readonly exchange: readonly (readonly SharedArrayBuffer[])[];
}

/** Where the other streams' messages come from and go to. */
export class ExchangeLinks {
  readonly #outgoing = new Map<number, OutgoingLink>();
  readonly #incoming = new Map<number, RingReader>();

  constructor(stream: number, memory: LinkMemory, control: ControlBlock) {
    for (let other = 1; other < memory.exchange.length; other++) {
      if (other === stream) continue;
      const out = memory.exchange[stream]?.[other];
      const into = memory.exchange[other]?.[stream];
      const bell = control.bell(other);
      if (out === undefined || into === undefined) throw new Error('broken invariant: no ring');
      this.#outgoing.set(other, new OutgoingLink(out, bell));
      this.#incoming.set(other, new RingReader(into, bell));
    }
  }

  get clear(): boolean {
    for (const link of this.#outgoing.values()) if (!link.clear) return false;
    return true;
  }

  send(stream: number, message: Uint8Array): void {
    this.#outgoing.get(stream)?.send(message);
  }

  receive(stream: number): Uint8Array | null {
    return this.#incoming.get(stream)?.read() ?? null;
  }

  flush(): boolean {
    let moved = false;
    for (const link of this.#outgoing.values()) if (!link.clear) moved = link.flush() || moved;
    return moved;
  }
}
