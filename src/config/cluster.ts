/** A cluster as its configuration describes it: checked as a whole, with defaults and addresses filled in. Pure. */
import type { ClusterConfig, ReplicaConfig } from './cluster-schema.js';
import { CLUSTER_DEFAULTS } from './cluster-schema.js';
import { invalidConfig } from './config-error.js';

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface ClusterReplica {
  readonly id: number;
  /** Where clients reach each group, group 0 first. */
  readonly clients: readonly Address[];
  /** Where the other replicas reach each group, group 0 first. */
  readonly peers: readonly Address[];
  /** Health, metrics, administration, state transfer. */
  readonly http: Address;
}

export interface ClusterTiming {
  readonly heartbeatMs: number;
  readonly electionMs: number;
  /** 0: reads confirm the leadership by a round of messages. */
  readonly leaseMs: number;
}

export interface Cluster {
  readonly name: string;
  /** By rising id. */
  readonly replicas: readonly ClusterReplica[];
  /** For each group its place in the replicas' hosts; null: its number modulo theirs. */
  readonly places: readonly (number | null)[];
  readonly timing: ClusterTiming;
  readonly retainBytes: number;
  /** What is allowed and yet probably not meant. */
  readonly warnings: readonly string[];
}

const CLUSTER = 'cluster';

/** `streams`: their names, stream 1 first. Throws INVALID_CONFIG, naming `file` if there is one. */
export function describeCluster(config: ClusterConfig, streams: readonly string[], file: string | null): Cluster {
  checkIds(config.replicas, file);
  const places = hostPlaces(config, streams, file);
  const replicas = config.replicas
    .map((replica, at) => describeReplica(replica, places, ['cluster', 'replicas', at], file))
    .sort((a, b) => a.id - b.id);
  checkAddresses(config, replicas, file);
  return {
    name: config.name,
    replicas,
    places,
    timing: timingOf(config, file),
    retainBytes: config.retainBytes ?? CLUSTER_DEFAULTS.retainBytes,
    warnings: warningsOf(replicas.length),
  };
}

/** A replica that is to be added to a running cluster, by the same rules. Throws INVALID_CONFIG. */
export function describeNewReplica(cluster: Cluster, replica: ReplicaConfig): ClusterReplica {
  const least = 1 + Math.max(0, ...cluster.places.map((place) => place ?? 0));
  if (replica.hosts.length < least)
    throw invalidConfig(
      null,
      ['replica', 'hosts'],
      `it has ${replica.hosts.length}; cluster.interfaces needs ${least}`,
    );
  return describeReplica(replica, cluster.places, ['replica'], null);
}

export function replicaOf(cluster: Cluster, id: number): ClusterReplica | null {
  return cluster.replicas.find((replica) => replica.id === id) ?? null;
}

/** Hosts that stand for every interface: one can listen there, but nobody can be sent there. */
const NOWHERE: ReadonlySet<string> = new Set(['0.0.0.0', '::', '[::]', '*']);

function checkIds(replicas: readonly ReplicaConfig[], file: string | null): void {
  replicas.forEach(({ id }, at) => {
    const first = replicas.findIndex((other) => other.id === id);
    if (first !== at)
      throw invalidConfig(
        file,
        [CLUSTER, 'replicas', at, 'id'],
        `found ${id}, which replicas[${first}] has; it accepts a number of its own for each`,
      );
  });
}

/** For each group its place in `hosts`; null: the group's number modulo theirs. */
function hostPlaces(config: ClusterConfig, streams: readonly string[], file: string | null): (number | null)[] {
  const places = Array<number | null>(streams.length + 1).fill(null);
  for (const [name, place] of Object.entries(config.interfaces ?? {})) {
    const path = [CLUSTER, 'interfaces', name];
    const group = groupNamed(name, streams);
    if (group === null)
      throw invalidConfig(file, path, `there is no such group; it accepts 0 and streams: ${streams.join(', ')}`);
    const short = config.replicas.find(({ hosts }) => hosts.length <= place);
    if (short !== undefined)
      throw invalidConfig(
        file,
        path,
        `found ${place}, and replica ${short.id} has ${short.hosts.length} hosts; ` +
          `it accepts a place in the hosts of every replica, from 0 on`,
      );
    places[group] = place;
  }
  return places;
}

function groupNamed(name: string, streams: readonly string[]): number | null {
  const named = streams.indexOf(name) + 1;
  if (named > 0) return named;
  const number = /^\d{1,3}$/.test(name) ? Number(name) : -1;
  return number >= 0 && number <= streams.length ? number : null;
}

function describeReplica(
  replica: ReplicaConfig,
  places: readonly (number | null)[],
  path: readonly PropertyKey[],
  file: string | null,
): ClusterReplica {
  const { id, hosts } = replica;
  const nowhere = hosts.findIndex((host) => NOWHERE.has(host));
  if (nowhere >= 0)
    throw invalidConfig(
      file,
      [...path, 'hosts', nowhere],
      `found "${hosts[nowhere] ?? ''}"; it accepts an address by which the other replicas and clients reach it`,
    );
  const listOf = (field: 'port' | 'peerPort'): Address[] => {
    const base = replica[field] ?? CLUSTER_DEFAULTS[field];
    if (base + places.length - 1 > 65_535)
      throw invalidConfig(file, [...path, field], `found ${base}; it accepts one with room for ${places.length} ports`);
    return places.map((place, group) => ({ host: hosts[place ?? group % hosts.length] ?? '', port: base + group }));
  };
  const http = {
    host: replica.http?.host ?? hosts[0] ?? '',
    port: replica.http?.port ?? CLUSTER_DEFAULTS.httpPort,
  };
  return { id, clients: listOf('port'), peers: listOf('peerPort'), http };
}

/** No two listeners at one address, of one replica or of two on the same machine. */
function checkAddresses(config: ClusterConfig, replicas: readonly ClusterReplica[], file: string | null): void {
  const users = new Map<string, string>();
  const take = (id: number, field: 'port' | 'peerPort' | 'http', { host, port }: Address, what: string): void => {
    const user = `${what} of replica ${id}`;
    const address = `${host}:${port}`;
    const other = users.get(address);
    if (other !== undefined) {
      const at = config.replicas.findIndex((replica) => replica.id === id);
      throw invalidConfig(
        file,
        [CLUSTER, 'replicas', at, field],
        `${user} is to listen on ${address}, as is ${other}; it accepts ports that leave room for all groups`,
      );
    }
    users.set(address, user);
  };
  for (const { id, clients, peers, http } of replicas) {
    clients.forEach((address, group) => take(id, 'port', address, `group ${group}, for clients,`));
    peers.forEach((address, group) => take(id, 'peerPort', address, `group ${group}, for other replicas,`));
    take(id, 'http', http, 'the HTTP endpoint');
  }
}

function timingOf(config: ClusterConfig, file: string | null): ClusterTiming {
  const { heartbeatMs, reads } = { ...CLUSTER_DEFAULTS, ...defined(config) };
  const electionMs = config.electionMs ?? Math.max(CLUSTER_DEFAULTS.electionMs, 5 * heartbeatMs);
  if (electionMs < 2 * heartbeatMs)
    throw invalidConfig(
      file,
      [CLUSTER, 'electionMs'],
      `found ${electionMs}; it accepts at least twice heartbeatMs (${heartbeatMs}), or one late heartbeat costs the leader its place`,
    );
  const leaseMs = config.leaseMs ?? Math.floor((electionMs * 3) / 5);
  if (reads === 'lease' && leaseMs >= electionMs)
    throw invalidConfig(
      file,
      [CLUSTER, 'leaseMs'],
      `found ${leaseMs}; it accepts less than electionMs (${electionMs}): else two leaders could answer reads`,
    );
  return { heartbeatMs, electionMs, leaseMs: reads === 'lease' ? leaseMs : 0 };
}

function defined({ heartbeatMs, reads }: ClusterConfig): { heartbeatMs?: number; reads?: 'index' | 'lease' } {
  return { ...(heartbeatMs === undefined ? {} : { heartbeatMs }), ...(reads === undefined ? {} : { reads }) };
}

function warningsOf(replicas: number): string[] {
  if (replicas === 1) return ['A cluster of one replica survives no loss. Three survive the loss of one.'];
  if (replicas % 2 === 1) return [];
  return [
    `A cluster of ${replicas} replicas survives the loss of ${replicas / 2 - 1}, no more than one of ${replicas - 1} does, ` +
      'and each command waits for more of them. An odd number is better.',
  ];
}
