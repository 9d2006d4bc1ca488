/** How the operator's commands find a cluster: an address, or its configuration; and its secret. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Command } from 'commander';
import { addressText } from '../address-text.js';
import { checkCluster, readSecret } from '../config/cluster-check.js';
import type { ReplicaConfig } from '../config/cluster-schema.js';
import { loadConfig } from '../config/config.js';
import { messageOf, PsmrError } from '../errors.js';
import { ClusterClient } from '../replica/admin/cluster-client.js';
import { wholeNumber } from './option-values.js';
import { printProgress } from './terminal.js';

export interface AccessFlags {
  readonly config?: string;
  readonly secretFile?: string;
  readonly tlsCa?: string;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** Read where neither an address nor --config is given. */
const CONFIG_FILES = ['cluster.json', 'psmr.config.json'] as const;
const TIMEOUT_S_MAX = 86_400;

/** What an operator waits for: an answer of each replica, or the end of a change. */
export type Wait = 'answer' | 'change';

const TIMEOUTS: Record<Wait, string> = {
  answer: 'how long a replica may take to answer, seconds (default: 2)',
  change: 'how long a change may take, seconds (default: 600)',
};

export function addAccessOptions(command: Command, awaited: Wait = 'change'): Command {
  return command
    .option('--config <file>', `the cluster's configuration; ${CONFIG_FILES.join(' or ')} here, if there is one`)
    .option('--secret-file <file>', "the cluster's secret, where there is no configuration; or set PSMR_SECRET")
    .option('--tls-ca <file>', 'https: the authority to trust, PEM')
    .option('--timeout <s>', TIMEOUTS[awaited], wholeNumber(1, TIMEOUT_S_MAX))
    .option('--json', 'the result as JSON, errors as objects');
}

export interface ClusterAccess {
  readonly client: ClusterClient;
  /** The replicas as configured; empty without a configuration. */
  readonly replicas: readonly ReplicaConfig[];
}

/** Throws INVALID_ARGUMENT, INVALID_CONFIG. */
export function clusterAccess(url: string | undefined, flags: AccessFlags, awaited: Wait = 'change'): ClusterAccess {
  const file = flags.config ?? (url === undefined ? CONFIG_FILES.find((name) => existsSync(name)) : undefined);
  const config = file === undefined ? null : loadConfig(file);
  const cluster = config === null ? null : checkCluster(config, file ?? null);
  if (url === undefined && cluster === null)
    throw new PsmrError(
      'INVALID_ARGUMENT',
      `Which cluster? Give the address of a replica, such as http://127.0.0.1:7390, or --config FILE` +
        `${file === undefined ? '' : `: ${file} has no cluster`}.`,
    );
  const scheme = config?.cluster?.tls === undefined ? 'http' : 'https';
  const configured = cluster?.replicas.map(({ http }) => httpUrl(scheme, http)) ?? [];
  const ca = flags.tlsCa ?? caFileOf(config?.cluster?.tls?.caFile, file);
  const client = new ClusterClient({
    urls: url === undefined ? configured : [url],
    secret: secretOf(flags) ?? (config?.cluster === undefined ? null : readSecret(config.cluster, file ?? null)),
    ...(ca === undefined
      ? {}
      : { ca: readText(ca, flags.tlsCa === undefined ? `cluster.tls.caFile of ${file ?? ''}` : '--tls-ca') }),
    ...timeLimit(flags.timeout, awaited),
    progress: printProgress,
  });
  return { client, replicas: config?.cluster?.replicas ?? [] };
}

function timeLimit(seconds: number | undefined, awaited: Wait): { answerMs?: number; changeMs?: number } {
  if (seconds === undefined) return {};
  return awaited === 'answer' ? { answerMs: seconds * 1000 } : { changeMs: seconds * 1000 };
}

export function httpUrl(scheme: string, address: { readonly host: string; readonly port: number }): string {
  return `${scheme}://${addressText(address)}`;
}

function caFileOf(caFile: string | undefined, file: string | undefined): string | undefined {
  return caFile === undefined || file === undefined ? undefined : resolve(dirname(file), caFile);
}

function secretOf({ secretFile }: AccessFlags): string | null {
  if (secretFile !== undefined) return readText(secretFile, '--secret-file').trim();
  return process.env['PSMR_SECRET'] ?? null;
}

function readText(file: string, option: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PsmrError('INVALID_ARGUMENT', `${option}: ${file} cannot be read: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
