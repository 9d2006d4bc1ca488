import type { Property } from '../property.js';
import type { SimulatedEntry } from '../simulated-log.js';
import type { SimulatedReplica, World } from '../simulated-replica.js';

/** Whatever two replicas take for committed at one index is the same entry. */
export class StateMachineSafety implements Property {
  readonly #committed: World['committed'];

  constructor(committed: World['committed']) {
    this.#committed = committed;
  }

  committed(replica: SimulatedReplica, index: number, entry: SimulatedEntry): void {
    if (this.#committed[index]?.value === entry.value) return;
    throw new Error(`replica ${replica.id} takes another entry ${index} for committed than others`);
  }
}
