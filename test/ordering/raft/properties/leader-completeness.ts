import type { Property } from '../property.js';
import type { SimulatedEntry } from '../simulated-log.js';
import type { SimulatedReplica, World } from '../simulated-replica.js';

/** What is committed is in the log of every leader of a newer term. */
export class LeaderCompleteness implements Property {
  readonly #committed: World['committed'];
  readonly #replicas: () => readonly SimulatedReplica[];

  constructor(committed: World['committed'], replicas: () => readonly SimulatedReplica[]) {
    this.#committed = committed;
    this.#replicas = replicas;
  }

  led(replica: SimulatedReplica): void {
    for (let index = replica.log.firstIndex; index < this.#committed.length; index++) {
      const entry = this.#committed[index];
      if (entry !== undefined) this.#holds(replica, index, entry);
    }
  }

  committed(by: SimulatedReplica, index: number, entry: SimulatedEntry, first: boolean): void {
    if (!first) return;
    for (const replica of this.#replicas()) {
      if (replica.leads && replica.core.term > by.core.term) this.#holds(replica, index, entry);
    }
  }

  #holds({ id, core, log }: SimulatedReplica, index: number, entry: SimulatedEntry): void {
    if (entry.term > core.term || index < log.firstIndex) return;
    if (index <= log.lastIndex && log.at(index).value === entry.value) return;
    throw new Error(`leader ${id} of term ${core.term} lacks entry ${index} of term ${entry.term}`);
  }
}
