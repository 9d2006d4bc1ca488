import type { RaftMessage } from '../../../../src/ordering/raft/raft-types.js';
import type { Property } from '../property.js';
import type { SimulatedEntry } from '../simulated-log.js';
import type { SimulatedReplica } from '../simulated-replica.js';

/**
 * What is committed is on the disks of a majority of those whom its leader counts; a term is on the disk before any
 * message of it leaves, but for pre-votes, which bind nobody.
 */
export class Durability implements Property {
  readonly #replicas: () => readonly SimulatedReplica[];

  constructor(replicas: () => readonly SimulatedReplica[]) {
    this.#replicas = replicas;
  }

  committed(by: SimulatedReplica, index: number, entry: SimulatedEntry, first: boolean): void {
    if (!first) return;
    const { voters } = by.core.membership;
    const holders = this.#replicas().filter(({ id, log }) => voters.includes(id) && log.holdsOnDisk(index, entry));
    if (holders.length * 2 > voters.length) return;
    throw new Error(`entry ${index} is committed with ${holders.length} of ${voters.length} disks holding it`);
  }

  sent(replica: SimulatedReplica, message: RaftMessage): void {
    const { term, votedFor } = replica.hardState;
    if ('pre' in message && message.pre) return;
    if (message.term > term) throw new Error(`replica ${replica.id} speaks in a term it may forget`);
    if (message.type !== 'vote-reply' || !message.granted || message.term < term) return;
    if (votedFor !== message.to) throw new Error(`replica ${replica.id} gives a vote it may forget`);
  }
}
