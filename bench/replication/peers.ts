import type { ReplicationOptions } from './options.js';
import { startRedisTrio } from '../peers/redis-trio.js';
import { ReplicaProcesses } from '../peers/replica-processes.js';
import type { Resources } from '../peers/resources.js';

/** What several rows use is started once, when the first of them asks, and runs till the end. */
export class Peers {
  readonly #options: ReplicationOptions;
  readonly #resources: Resources;
  #cluster: Promise<ReplicaProcesses> | null = null;
  #redis: Promise<number> | null = null;

  constructor(options: ReplicationOptions, resources: Resources) {
    this.#options = options;
    this.#resources = resources;
  }

  /** Three replicas with default settings. */
  cluster(): Promise<ReplicaProcesses> {
    return (this.#cluster ??= ReplicaProcesses.start(this.#resources, this.#options.profile));
  }

  /** The port of Redis with two replicas. */
  redis(): Promise<number> {
    return (this.#redis ??= startRedisTrio(this.#resources));
  }
}
