import type { RaftMessage } from '../../../src/ordering/raft/raft-types.js';
import type { SimulatedEntry } from './simulated-log.js';
import type { SimulatedReplica } from './simulated-replica.js';

/** What a property may look at: it throws as soon as it does not hold. */
export interface Property {
  /** A replica has become leader of its term (and has not appended anything yet). */
  led?(replica: SimulatedReplica): void;
  /** A message leaves a replica. */
  sent?(replica: SimulatedReplica, message: RaftMessage): void;
  stored?(replica: SimulatedReplica, index: number, entry: SimulatedEntry): void;
  /** The replica is about to drop its log's tail. */
  truncated?(replica: SimulatedReplica, above: number): void;
  /** The replica knows now that this entry is committed; `first`: nobody has known it before. */
  committed?(replica: SimulatedReplica, index: number, entry: SimulatedEntry, first: boolean): void;
  /** The replica has begun anew, behind this commit index. */
  started?(replica: SimulatedReplica): void;
  readAsked?(replica: SimulatedReplica, id: number): void;
  readAnswered?(replica: SimulatedReplica, id: number, index: number): void;
}

/** Hands every event to all properties. */
export class Properties implements Required<Property> {
  readonly #all: readonly Property[];

  constructor(all: readonly Property[]) {
    this.#all = all;
  }

  led(replica: SimulatedReplica): void {
    for (const property of this.#all) property.led?.(replica);
  }

  sent(replica: SimulatedReplica, message: RaftMessage): void {
    for (const property of this.#all) property.sent?.(replica, message);
  }

  stored(replica: SimulatedReplica, index: number, entry: SimulatedEntry): void {
    for (const property of this.#all) property.stored?.(replica, index, entry);
  }

  truncated(replica: SimulatedReplica, above: number): void {
    for (const property of this.#all) property.truncated?.(replica, above);
  }

  committed(replica: SimulatedReplica, index: number, entry: SimulatedEntry, first: boolean): void {
    for (const property of this.#all) property.committed?.(replica, index, entry, first);
  }

  started(replica: SimulatedReplica): void {
    for (const property of this.#all) property.started?.(replica);
  }

  readAsked(replica: SimulatedReplica, id: number): void {
    for (const property of this.#all) property.readAsked?.(replica, id);
  }

  readAnswered(replica: SimulatedReplica, id: number, index: number): void {
    for (const property of this.#all) property.readAnswered?.(replica, id, index);
  }
}
