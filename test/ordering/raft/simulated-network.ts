import type { RaftMessage, ReplicaId } from '../../../src/ordering/raft/raft-types.js';
import type { SimulatedEntry } from './simulated-log.js';
import type { VirtualTime } from './virtual-time.js';

export interface Weather {
  readonly loss: number;
  readonly duplication: number;
  readonly delayMinMs: number;
  readonly delayMaxMs: number;
  /** Of all messages, how many arrive (or arrive once more) much later. */
  readonly ancient: number;
}

export const FAIR: Weather = { loss: 0, duplication: 0, delayMinMs: 1, delayMaxMs: 3, ancient: 0 };

/** Messages take their time, overtake one another, get lost, come twice; each direction of a link can be cut by itself. */
export class SimulatedNetwork {
  weather = FAIR;
  readonly #time: VirtualTime;
  readonly #random: () => number;
  readonly #deliver: (message: RaftMessage, entries: readonly SimulatedEntry[]) => void;
  readonly #cut = new Set<number>();
  #generation = 0;

  constructor(
    time: VirtualTime,
    random: () => number,
    deliver: (message: RaftMessage, entries: readonly SimulatedEntry[]) => void,
  ) {
    this.#time = time;
    this.#random = random;
    this.#deliver = deliver;
  }

  cut(from: ReplicaId, to: ReplicaId): void {
    this.#cut.add(from * 100 + to);
  }

  heal(): void {
    this.#cut.clear();
  }

  dropUnderWay(): void {
    this.#generation++;
  }

  isCut(from: ReplicaId, to: ReplicaId): boolean {
    return this.#cut.has(from * 100 + to);
  }

  send(message: RaftMessage, entries: readonly SimulatedEntry[]): void {
    const { loss, duplication, ancient, delayMinMs, delayMaxMs } = this.weather;
    if (this.isCut(message.from, message.to)) return;
    const rare = message.type === 'timeout-now' ? 4 : 1;
    if (this.#random() < ancient * rare) {
      this.#arrive(message, entries, 50 + this.#random() ** 2 * 2000);
      if (this.#random() < 0.5) return;
    }
    if (this.#random() < loss) return;
    const copies = this.#random() < duplication ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      this.#arrive(message, entries, delayMinMs + this.#random() * (delayMaxMs - delayMinMs));
    }
  }

  #arrive(message: RaftMessage, entries: readonly SimulatedEntry[], ms: number): void {
    const generation = this.#generation;
    this.#time.after(ms, () => {
      if (generation === this.#generation && !this.isCut(message.from, message.to)) this.#deliver(message, entries);
    });
  }
}
