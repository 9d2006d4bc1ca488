import type { Property } from '../property.js';
import type { SimulatedEntry } from '../simulated-log.js';
import type { SimulatedReplica, World } from '../simulated-replica.js';

/** What was committed in one term is in the log of every leader of a newer term. */
export class LeaderCompleteness implements Property {
  readonly #committed: World['committed'];
  readonly #replicas: () => readonly SimulatedReplica[];
  /** In which leader's term each entry was committed: that may be a newer one than its own. */
  readonly #committedIn: number[] = [];

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
    this.#committedIn[index] = by.core.term;
    for (const replica of this.#replicas()) if (replica.leads) this.#holds(replica, index, entry);
  }

  #holds({ id, core, log }: SimulatedReplica, index: number, entry: SimulatedEntry): void {
    // An old election may be won after a newer one.
    if ((this.#committedIn[index] ?? 0) >= core.term || index < log.firstIndex) return;
    if (index <= log.lastIndex && log.at(index).value === entry.value) return;
    throw new Error(`leader ${id} of term ${core.term} lacks entry ${index} of term ${entry.term}`);
  }
}
