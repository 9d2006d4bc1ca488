/** Where the replicas of a cluster are: those of the configuration, and those that were added while it ran. */
import { addressText } from '../address-text.js';
import { describeNewReplica, type Address, type ClusterReplica } from '../config/cluster.js';
import type { ReplicaConfig } from '../config/cluster-schema.js';
import type { PeerAddress } from '../transport/peer-links.js';
import type { ReplicaEndpoints } from '../transport/handshake.js';
import { ReplicaHttp } from './admin/replica-http.js';
import type { ReplicaMemory } from './replica-memory.js';
import type { ReplicaSettings } from './replica-settings.js';

export interface OtherReplica {
  readonly replica: number;
  readonly http: ReplicaHttp;
}

export class KnownReplicas {
  readonly #settings: ReplicaSettings;
  readonly #memory: ReplicaMemory;
  readonly #replicas = new Map<number, ClusterReplica>();

  /** What the configuration says is newer than what was learned. Throws INVALID_CONFIG. */
  constructor(settings: ReplicaSettings, memory: ReplicaMemory) {
    this.#settings = settings;
    this.#memory = memory;
    for (const replica of memory.learned) this.#add(describeNewReplica(settings.cluster, replica));
    for (const replica of settings.cluster.replicas) this.#add(replica);
  }

  /** By rising number. */
  get all(): readonly ClusterReplica[] {
    return [...this.#replicas.values()].sort((a, b) => a.id - b.id);
  }

  /** The numbers of the others. */
  get others(): readonly number[] {
    return this.#others().map(({ id }) => id);
  }

  has(id: number): boolean {
    return this.#replicas.has(id);
  }

  /** Remembers it as long as the data directory. Throws INVALID_CONFIG, STORAGE_FAILED. */
  learn(replica: ReplicaConfig): void {
    this.#add(describeNewReplica(this.#settings.cluster, replica));
    const others = this.#memory.learned.filter(({ id }) => id !== replica.id);
    this.#memory.remember({ learned: [...others, replica] });
  }

  /** Where the other replicas' part of a group is. */
  peers(group: number): PeerAddress[] {
    return this.#others().map(({ id, peers }) => ({ id, ...addressOf(peers, group) }));
  }

  /** For clients: how each of these replicas is reached. */
  endpoints(ids: readonly number[]): ReplicaEndpoints[] {
    return this.all
      .filter(({ id }) => ids.includes(id))
      .map(({ id, clients }) => ({ id, endpoints: clients.map(({ host, port }) => [host, port] as const) }));
  }

  /** The others' HTTP endpoints. */
  https(timeoutMs?: number): OtherReplica[] {
    const { tls, secret } = this.#settings;
    return this.#others().map((replica) => ({
      replica: replica.id,
      http: new ReplicaHttp({
        url: this.urlOf(replica),
        secret,
        ca: tls?.ca,
        ...(timeoutMs === undefined ? {} : { timeoutMs }),
      }),
    }));
  }

  urlOf({ http }: ClusterReplica): string {
    return `${this.#settings.tls === null ? 'http' : 'https'}://${addressText(http)}`;
  }

  #others(): ClusterReplica[] {
    return this.all.filter(({ id }) => id !== this.#settings.own.id);
  }

  #add(replica: ClusterReplica): void {
    this.#replicas.set(replica.id, replica);
  }
}

export function addressOf(addresses: readonly Address[], group: number): Address {
  const address = addresses[group];
  if (address === undefined) throw new Error(`broken invariant: group ${group} has no address`);
  return address;
}
