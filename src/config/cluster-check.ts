/** How the `cluster` section relates to the rest of a configuration. */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { messageOf } from '../errors.js';
import { describeCluster, type Cluster } from './cluster.js';
import type { ClusterConfig } from './cluster-schema.js';
import { invalidConfig } from './config-error.js';
import type { Config } from './config-schema.js';

const SECRET_LENGTH_MIN = 16;
/** Said for each replica in the cluster section; said once for all, they would be taken for what they are not. */
const PER_REPLICA = ['host', 'port', 'http', 'tls'] as const;

/** Null: not replicated. Throws INVALID_CONFIG. */
export function checkCluster(config: Config, file: string | null): Cluster | null {
  const { cluster, streams } = config;
  if (cluster === undefined) return null;
  // Every replica must have as many streams: a default that depends on the machine will not do.
  if (streams === undefined)
    throw invalidConfig(file, ['streams'], 'found nothing; with a cluster it accepts their number, or a list');
  for (const field of PER_REPLICA)
    if (config[field] !== undefined)
      throw invalidConfig(file, [field], `it cannot stand beside cluster: say it ${placeOf(field)}`);
  if (config.durability === 'async')
    throw invalidConfig(file, ['durability'], 'found "async"; with a cluster it accepts "sync"');
  if (typeof streams === 'object') checkStreams(streams, file);
  if ((cluster.secret === undefined) === (cluster.secretFile === undefined))
    throw invalidConfig(file, ['cluster', 'secret'], 'it accepts one of cluster.secret and cluster.secretFile');
  return describeCluster(cluster, streamNames(streams), file);
}

/** The secret, read from its file where it is in one. Throws INVALID_CONFIG. */
export function readSecret({ secret, secretFile = '' }: ClusterConfig, file: string | null): string {
  if (secret !== undefined) return secret;
  const path = file === null ? resolve(secretFile) : resolve(dirname(file), secretFile);
  const wrong = (what: string): Error => invalidConfig(file, ['cluster', 'secretFile'], what);
  let text: string;
  try {
    text = readFileSync(path, 'utf8').trim();
  } catch (error) {
    throw wrong(`${path} cannot be read: ${messageOf(error)}`);
  }
  if (text.length < SECRET_LENGTH_MIN)
    throw wrong(`${path} has ${text.length} characters; it accepts a secret of at least ${SECRET_LENGTH_MIN}`);
  return text;
}

function streamNames(streams: NonNullable<Config['streams']>): string[] {
  if (typeof streams === 'number') return Array.from({ length: streams }, (_, at) => String(at + 1));
  return streams.map(({ name }, at) => name ?? String(at + 1));
}

function placeOf(field: (typeof PER_REPLICA)[number]): string {
  return field === 'tls' ? 'in cluster.tls' : 'for each of cluster.replicas';
}

function checkStreams(
  streams: readonly { host?: string | undefined; port?: number | undefined }[],
  file: string | null,
): void {
  streams.forEach(({ host, port }, at) => {
    if (host !== undefined || port !== undefined)
      throw invalidConfig(
        file,
        ['streams', at, host === undefined ? 'port' : 'host'],
        'it cannot stand beside cluster: see cluster.replicas and cluster.interfaces',
      );
  });
}
