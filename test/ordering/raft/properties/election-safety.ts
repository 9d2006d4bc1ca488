import type { RaftMessage } from '../../../../src/ordering/raft/raft-types.js';
import type { Property } from '../property.js';
import type { SimulatedReplica } from '../simulated-replica.js';

/** A term has one leader at most; no replica gives two its vote in one term, whatever it lived through. */
export class ElectionSafety implements Property {
  readonly #leaders = new Map<number, number>();
  readonly #votes = new Map<string, number>();

  led(replica: SimulatedReplica): void {
    const { term } = replica.core;
    const other = this.#leaders.get(term);
    if (other !== undefined) throw new Error(`replicas ${other} and ${replica.id} lead in term ${term}`);
    this.#leaders.set(term, replica.id);
  }

  sent(replica: SimulatedReplica, message: RaftMessage): void {
    if (message.type === 'vote-request' && !message.pre) this.#voted(replica.id, message.term, replica.id);
    if (message.type === 'vote-reply' && !message.pre && message.granted) {
      this.#voted(replica.id, message.term, message.to);
    }
  }

  #voted(voter: number, term: number, candidate: number): void {
    const key = `${voter}/${term}`;
    const other = this.#votes.get(key);
    if (other !== undefined && other !== candidate) {
      throw new Error(`replica ${voter} votes for ${other} and ${candidate} in term ${term}`);
    }
    this.#votes.set(key, candidate);
  }
}
