import { startEtcdTrio } from '../peers/etcd-trio.js';
import { type NatsStream, startNatsTrio } from '../peers/nats-trio.js';
import { ReplicaProcesses } from '../peers/replica-processes.js';
import type { Resources } from '../peers/resources.js';

/** What several rows use is started once, when the first of them asks, and runs till the end. */
export class Servers {
  readonly #resources: Resources;
  #replicas: Promise<ReplicaProcesses> | null = null;
  #etcd: Promise<string> | null = null;
  #nats: Promise<Readonly<Record<NatsStream, string>>> | null = null;

  constructor(resources: Resources) {
    this.#resources = resources;
  }

  /** The addresses of three replicas of psmr with default settings. */
  async replicas(): Promise<readonly string[]> {
    return (await (this.#replicas ??= ReplicaProcesses.start(this.#resources))).urls;
  }

  etcd(): Promise<string> {
    return (this.#etcd ??= startEtcdTrio(this.#resources));
  }

  nats(): Promise<Readonly<Record<NatsStream, string>>> {
    return (this.#nats ??= startNatsTrio(this.#resources, 'by default'));
  }
}
