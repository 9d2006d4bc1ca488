import { dirname, resolve } from 'node:path';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';
import type { PartitionMapOptions } from '../classifier/create-partition-map.js';
import { loadConfig, parseConfig, type Config, type PartitioningConfig, type StreamConfig } from '../config/config.js';
import type { ClusterConfig } from '../config/cluster-schema.js';
import { invalidConfig } from '../config/config-error.js';
import { limitsWithDefaults, type Limits } from '../config/limits.js';
import { PsmrError } from '../errors.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { replicaDataDir, replicaSettings, type ReplicaSettings } from './replica-settings.js';
import type { ListenOptions } from './server.js';
import type { Durability } from './worker-messages.js';

export interface EngineOptions {
  /** The service's module: a URL, or a path relative to the working directory. */
  readonly service?: string | URL;
  /** How many streams, 1 to 64, or each with its name and endpoint. Default: one per core. */
  readonly streams?: number | readonly StreamConfig[];
  readonly partitioning?: PartitioningConfig;
  /** Where logs and checkpoints are kept; without it everything is in memory. */
  readonly dataDir?: string;
  /** sync (default): a reply means that it is on disk. async: on disk soon after; a crash may lose the last moments. */
  readonly durability?: 'sync' | 'async';
  readonly checkpoint?: { readonly everyBytes?: number | null };
  readonly limits?: Partial<Limits>;
  /** How long an idle worker spins before it sleeps, us. Default: 50 where there is a core per stream, else 5. */
  readonly spinUs?: number;
  /** Whether it records what its streams do, for /metrics and the dashboard (docs/dashboard.md). Default: true. */
  readonly recording?: boolean;
  /** The replicas of the service; without it there is one engine, this one. */
  readonly cluster?: ClusterConfig;
  /** Which of the cluster's replicas this is. */
  readonly replicaId?: number;
  /** The replica's data directory is empty because its disk was lost, or because it is new to a running cluster. */
  readonly rebuild?: boolean;
  /** A replica's: gives up starting, while it waits for the others. Its reason should be a PsmrError. */
  readonly signal?: AbortSignal;
  /** A replica's: hears what an operator should know and nobody waits for: a replica out of reach, a link refused. */
  readonly onProblem?: (problem: PsmrError) => void;
  /** A replica's: hears, in a sentence, what an operator should know beside that: it was removed, another is back. */
  readonly onNotice?: (sentence: string) => void;
  /** A psmr.config.json; what is given beside it takes precedence. */
  readonly config?: string | URL;
}

export interface ResolvedEngineOptions {
  readonly serviceUrl: string;
  readonly partitioning: PartitionMapOptions;
  readonly dataDir: string | null;
  readonly durability: Durability;
  readonly checkpointEveryBytes: number | null;
  readonly limits: Limits;
  readonly spinUs: number;
  readonly recording: boolean;
  /** Null: not replicated. */
  readonly replica: ReplicaSettings | null;
  /** What the configuration file says of endpoints. */
  readonly listen: ListenOptions;
}

/** Options that are no fields of a configuration. */
const NOT_CONFIGURED: ReadonlySet<string> = new Set<keyof EngineOptions>(['signal', 'onProblem', 'onNotice']);
const CHECKPOINT_EVERY_BYTES = 256 << 20;
const SPIN_US = 50;
const SPIN_US_CROWDED = 5;

/** Checks options, reads the configuration file if one is named, fills in defaults. Throws INVALID_CONFIG. */
export function resolveEngineOptions(options: EngineOptions | undefined): ResolvedEngineOptions {
  if (typeof options !== 'object')
    throw new PsmrError('INVALID_CONFIG', 'Engine.start needs options: a service at least, { service: "./bank.js" }.');
  const { service, config: file, replicaId, rebuild = false, ...rest } = options;
  const given = Object.fromEntries(Object.entries(rest).filter(([name]) => !NOT_CONFIGURED.has(name)));
  const path = file === undefined ? null : file instanceof URL ? fileOf(file) : resolve(file);
  const configured = path === null ? {} : loadConfig(path);
  const config = { ...configured, ...parseConfig(given) };
  const streams = config.streams ?? Math.min(availableParallelism(), STREAMS_MAX);
  const replica = replicaSettings(config, { id: replicaId, rebuild }, options.cluster === undefined ? path : null);
  const dataDir = options.dataDir ?? ownDirectory(relativeTo(path, configured.dataDir), replica);
  const crowded = (typeof streams === 'number' ? streams : streams.length) > availableParallelism();
  if (dataDir === undefined && config.durability !== undefined) {
    const from = options.durability === undefined ? path : null;
    throw invalidConfig(from, ['durability'], 'it needs a dataDir to keep data in');
  }
  if (dataDir === undefined && replica !== null) throw invalidConfig(path, ['dataDir'], 'a replica needs one');
  return {
    serviceUrl: serviceUrl(service ?? relativeTo(path, configured.service)),
    partitioning: { streams, partitioning: config.partitioning },
    dataDir: dataDir === undefined ? null : resolve(dataDir),
    durability: dataDir === undefined ? 'memory' : (config.durability ?? 'sync'),
    checkpointEveryBytes:
      config.checkpoint?.everyBytes === undefined ? CHECKPOINT_EVERY_BYTES : config.checkpoint.everyBytes,
    limits: limitsWithDefaults(defined(config.limits)),
    spinUs: config.spinUs ?? (crowded ? SPIN_US_CROWDED : SPIN_US),
    recording: config.recording ?? true,
    replica,
    listen: replica === null ? listenOptions(config, path) : replicaListenOptions(replica, config.token),
  };
}

function ownDirectory(dataDir: string | undefined, replica: ReplicaSettings | null): string | undefined {
  return dataDir === undefined || replica === null ? dataDir : replicaDataDir(dataDir, replica.own.id);
}

function replicaListenOptions({ own, tls }: ReplicaSettings, token: string | undefined): ListenOptions {
  const [sync, ...streams] = own.clients;
  return {
    ...sync,
    streams,
    http: own.http,
    ...(token === undefined ? {} : { token }),
    ...(tls === null ? {} : { tls: { certFile: tls.certFile, keyFile: tls.keyFile } }),
  };
}

function listenOptions(config: Config, path: string | null): ListenOptions {
  const { host, port, http, tls, token, streams } = config;
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(http === undefined ? {} : { http: defined(http) }),
    ...(token === undefined ? {} : { token }),
    ...(tls === undefined
      ? {}
      : { tls: { certFile: relativeTo(path, tls.certFile) ?? '', keyFile: relativeTo(path, tls.keyFile) ?? '' } }),
    ...(typeof streams === 'object' ? { streams } : {}),
  };
}

/** Drops what is undefined: spreading it would hide a default. */
function defined<T extends object>(value: T | undefined): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(value ?? {}).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}

/** Paths in a configuration file are relative to it. */
function relativeTo(file: string | null, path: string | undefined): string | undefined {
  return path === undefined || file === null || path.startsWith('file:') ? path : resolve(dirname(file), path);
}

function fileOf(url: URL): string {
  return url.protocol === 'file:' ? decodeURIComponent(url.pathname) : url.href;
}

function serviceUrl(service: string | URL | undefined): string {
  if (service instanceof URL) return service.href;
  if (typeof service !== 'string' || service === '') {
    throw new PsmrError(
      'INVALID_CONFIG',
      "The configuration is wrong at 'service': it is missing. Give the service's module, such as new URL('./bank.js', import.meta.url).",
    );
  }
  return service.startsWith('file:') ? service : pathToFileURL(resolve(service)).href;
}
