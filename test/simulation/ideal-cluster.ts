/** N replicas over ideal logs whose leaders change when told to: for scenes played step by step. */
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { MemoryCheckpointStore } from '../../src/storage/memory-checkpoint-store.js';
import { IdealGroup } from './ideal-replicated-log.js';
import { SimulatedReplica } from './simulated-replica.js';

export class IdealCluster {
  readonly groups: IdealGroup[];
  readonly stores: MemoryCheckpointStore[];
  readonly replicas: SimulatedReplica[];

  constructor(map: PartitionMap, random: () => number, replicas: number) {
    this.groups = Array.from({ length: map.streams + 1 }, (_, group) => new IdealGroup(group, replicas, random));
    this.stores = Array.from({ length: replicas }, () => new MemoryCheckpointStore());
    this.replicas = this.stores.map((store, at) => {
      const number = at + 1;
      return new SimulatedReplica({
        number,
        map,
        logs: this.groups.map((group) => group.log(number)),
        store,
        checkpoint: null,
        nowMs: () => 10_000 + number,
        nowUs: () => 0,
        completed: () => undefined,
        failed: (error) => {
          throw error;
        },
      });
    });
  }

  poll(number: number, group: number): void {
    this.replicas[number - 1]?.poll(group);
  }

  elect(group: number, number: number): boolean {
    return this.groups[group]?.elect(number) ?? false;
  }
}
