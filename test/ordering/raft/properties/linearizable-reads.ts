import type { Property } from '../property.js';
import type { SimulatedReplica, World } from '../simulated-replica.js';

/** A read sees all that was committed anywhere before it was asked for, and nothing that is not committed. */
export class LinearizableReads implements Property {
  readonly #committed: World['committed'];
  readonly #open = new Map<number, number>();
  answered = 0;

  constructor(committed: World['committed']) {
    this.#committed = committed;
  }

  readAsked(_replica: SimulatedReplica, id: number): void {
    this.#open.set(id, this.#committed.length - 1);
  }

  readAnswered(replica: SimulatedReplica, id: number, index: number): void {
    const atLeast = this.#open.get(id);
    if (atLeast === undefined) throw new Error(`read ${id} was answered twice`);
    this.#open.delete(id);
    if (index === -1) return;
    this.answered++;
    if (index < atLeast) throw new Error(`replica ${replica.id} reads at ${index} when ${atLeast} was committed`);
    if (index >= this.#committed.length) throw new Error(`replica ${replica.id} reads at ${index}: not committed`);
  }
}
