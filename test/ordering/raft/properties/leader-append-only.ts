import type { Property } from '../property.js';
import type { SimulatedReplica } from '../simulated-replica.js';

/** A leader never drops or overwrites entries of its log; nobody drops what it knows to be committed. */
export class LeaderAppendOnly implements Property {
  truncated(replica: SimulatedReplica, above: number): void {
    const { id, core, knownCommit } = replica;
    if (core.role === 'leader') throw new Error(`leader ${id} drops its log above ${above}`);
    if (above < knownCommit)
      throw new Error(`replica ${id} drops entries above ${above} that it knows to be committed`);
  }
}
