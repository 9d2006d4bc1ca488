import type { Property } from '../property.js';
import type { SimulatedEntry } from '../simulated-log.js';
import type { SimulatedReplica } from '../simulated-replica.js';

/** Logs with entries of one index and term hold the same entry there and the same before it. */
export class LogMatching implements Property {
  readonly #seen = new Map<number, { readonly value: number; readonly previousTerm: number }>();

  stored(replica: SimulatedReplica, index: number, entry: SimulatedEntry): void {
    const previousTerm = replica.log.termOf(index - 1);
    if (entry.term < previousTerm) throw new Error(`replica ${replica.id}'s terms fall at ${index}`);
    const key = entry.term * 1e7 + index;
    const seen = this.#seen.get(key);
    // That the entries before are of one term is enough: they have been compared likewise.
    if (seen === undefined) this.#seen.set(key, { value: entry.value, previousTerm });
    else if (seen.value !== entry.value || seen.previousTerm !== previousTerm) {
      throw new Error(`replica ${replica.id}'s log differs at ${index}, term ${entry.term}`);
    }
  }
}
