/** What another thread needs to become a client of an engine: plain data and shared memory, so it can be posted. */
import type { PartitionMapJson } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import type { ControlBlockMemory } from '../memory/control-block.js';
import type { ClientMemory } from './engine-memory.js';

export interface EnginePort {
  readonly kind: 'psmr-engine-port';
  readonly serviceUrl: string;
  readonly partitionMap: PartitionMapJson;
  readonly limits: Limits;
  readonly control: ControlBlockMemory;
  readonly memory: ClientMemory;
}
