/** What one replica is told of its cluster: the cluster as configured, the secret, which of the replicas it is. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { checkCluster, readSecret } from '../config/cluster-check.js';
import { replicaOf, type Cluster, type ClusterReplica } from '../config/cluster.js';
import type { ClusterConfig, ReplicaConfig } from '../config/cluster-schema.js';
import { invalidConfig } from '../config/config-error.js';
import type { Config } from '../config/config.js';
import { messageOf, PsmrError } from '../errors.js';

export interface ReplicaSettings {
  readonly cluster: Cluster;
  readonly secret: string;
  readonly own: ClusterReplica;
  /** The same, as configured. */
  readonly ownConfig: ReplicaConfig;
  /** It begins from the others' state, and takes part when it has been added (again). */
  readonly rebuild: boolean;
  readonly tls: ReplicaTls | null;
}

export interface ReplicaTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
  /** What `caFile` held at the start. While the replica runs, the file may be missing or half written: it is being replaced. */
  readonly ca: string;
}

/** Null where there is no cluster. `file`: of the configuration. Throws INVALID_CONFIG, INVALID_ARGUMENT. */
export function replicaSettings(
  config: Config,
  { id: replicaId, rebuild }: { readonly id: number | undefined; readonly rebuild: boolean },
  file: string | null,
): ReplicaSettings | null {
  const cluster = checkCluster(config, file);
  if (cluster === null || config.cluster === undefined) {
    if (replicaId === undefined) return null;
    throw invalidConfig(file, ['cluster'], `there is none, and this is to be replica ${replicaId} of it`);
  }
  const own = replicaId === undefined ? null : replicaOf(cluster, replicaId);
  const ownConfig = config.cluster.replicas.find(({ id }) => id === replicaId);
  if (own === null || ownConfig === undefined) {
    const ids = cluster.replicas.map(({ id }) => id).join(', ');
    const given = replicaId === undefined ? 'Which replica this is was not said' : `There is no replica ${replicaId}`;
    throw new PsmrError('INVALID_ARGUMENT', `${given}: give the id of one of cluster.replicas: ${ids}.`);
  }
  return {
    cluster,
    secret: readSecret(config.cluster, file),
    own,
    ownConfig,
    rebuild,
    tls: tlsFiles(config.cluster, file),
  };
}

/** Looked at here, where it is known which field of which configuration names them. */
function tlsFiles({ tls }: ClusterConfig, file: string | null): ReplicaSettings['tls'] {
  if (tls === undefined) return null;
  const found = <T>(field: keyof typeof tls, use: (path: string) => T): T => {
    const path = file === null ? resolve(tls[field]) : resolve(dirname(file), tls[field]);
    try {
      return use(path);
    } catch (error) {
      throw invalidConfig(file, ['cluster', 'tls', field], `${path} cannot be read: ${messageOf(error)}`);
    }
  };
  const readable = (path: string): string => {
    accessSync(path, constants.R_OK);
    return path;
  };
  return {
    certFile: found('certFile', readable),
    keyFile: found('keyFile', readable),
    ...found('caFile', (path) => ({ caFile: path, ca: readFileSync(path, 'utf8') })),
  };
}

/** One file serves all replicas, also several on one machine: each has its own directory in `dataDir`. */
export function replicaDataDir(dataDir: string, id: number): string {
  return join(dataDir, `replica-${id}`);
}
