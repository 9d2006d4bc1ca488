/** The endpoints of an engine: one WebSocket listener per group, in its worker, and one HTTP endpoint. */
import { STATUS_CODES, createServer, type Server } from 'node:http';
import type { PartitionMap } from '../classifier/partition-map.js';
import type { Limits } from '../config/limits.js';
import { messageOf, PsmrError } from '../errors.js';
import { PROTOCOL_VERSION } from '../transport/frames.js';
import { transportHint } from '../transport/native-module.js';
import type { EngineStats } from './engine-stats.js';
import type { WorkerPool } from './worker-pool.js';

/** Where each group is reached: `endpoints[0]` is group 0's, `endpoints[i]` stream i's. */
export interface Listening {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** What clients connect to. */
  readonly url: string;
  readonly http: { readonly host: string; readonly port: number } | null;
  /** Why clients are served more slowly than they could be, and what to do; null: they are not. */
  readonly hint: string | null;
  /** Closes all of them and their clients' connections; the engine goes on, and may listen again. */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Group 0's port, stream i gets `port + i`; 0: the system picks all. Default 7400. */
  readonly port?: number;
  /** The HTTP endpoint for /healthz, /metrics and /stats; null: none. Default 127.0.0.1:7390. */
  readonly http?: { readonly host?: string; readonly port?: number } | null;
  readonly tls?: { readonly certFile: string; readonly keyFile: string };
  /** The shared token that clients must give. */
  readonly token?: string;
  /** A stream's own address, where it differs: `endpoints[i - 1]` is stream i's. */
  readonly streams?: readonly { readonly host?: string | undefined; readonly port?: number | undefined }[];
}

export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 7400;
const DEFAULT_HTTP_PORT = 7390;

export interface ServerParts {
  readonly options: ListenOptions;
  readonly limits: Limits;
  readonly service: string;
  readonly map: PartitionMap;
  readonly pool: WorkerPool;
  readonly stats: () => EngineStats;
  readonly healthy: () => boolean;
}

/** Opens all endpoints, or none: where one cannot be opened, those that were are closed again. */
export async function openEndpoints(parts: ServerParts): Promise<Listening> {
  try {
    return await open(parts);
  } catch (error) {
    await closeEndpoints(parts.pool);
    throw error;
  }
}

async function closeEndpoints(pool: WorkerPool): Promise<void> {
  const closed = pool.nextOfAll('unlistened');
  pool.postAll({ type: 'unlisten' });
  // Workers that stop close them by themselves.
  await closed.catch(() => undefined);
}

async function open(parts: ServerParts): Promise<Listening> {
  const { options, pool, map } = parts;
  const host = options.host ?? DEFAULT_HOST;
  const ports = await openSockets(parts);
  const endpoints = ports.map((port, group) => ({ host: addressOf(options, group).host, port }));
  pool.postAll({
    type: 'welcome',
    welcome: {
      protocol: PROTOCOL_VERSION,
      service: parts.service,
      partitionMap: map.toJson(),
      // A group on the common host is reached at whatever address the client has dialled.
      endpoints: endpoints.map((endpoint) => [endpoint.host === host ? null : endpoint.host, endpoint.port] as const),
      frameBytesMax: parts.limits.frameBytesMax,
    },
  });
  const http = options.http === null ? null : await openHttp(parts);
  const scheme = options.tls === undefined ? 'ws' : 'wss';
  return {
    endpoints,
    url: `${scheme}://${host.includes(':') ? `[${host}]` : host}:${endpoints[0]?.port ?? 0}`,
    http: http?.address ?? null,
    hint: transportHint(),
    close: async () => {
      await http?.close();
      await closeEndpoints(pool);
    },
  };
}

/** Every worker's socket; resolves with their ports when all are open, and rejects when none is being opened any more. */
async function openSockets({ options, pool, map, service, limits }: ServerParts): Promise<number[]> {
  const groups = Array.from({ length: map.streams + 1 }, (_, group) => group);
  const answers = Promise.allSettled(groups.map((group) => pool.next(group, 'listening')));
  for (const group of groups) {
    pool.post(group, {
      type: 'listen',
      service,
      token: options.token ?? null,
      endpoint: {
        ...addressOf(options, group),
        ...(options.tls === undefined ? {} : { tls: options.tls }),
        frameBytesMax: limits.frameBytesMax,
        unreadBytesMax: limits.unreadBytesMax,
        connectionsMax: limits.connectionsMax,
      },
    });
  }
  return (await answers).map((answer) => {
    if (answer.status === 'rejected') throw answer.reason;
    return answer.value.port;
  });
}

function addressOf(options: ListenOptions, group: number): { host: string; port: number } {
  const own = group === 0 ? undefined : options.streams?.[group - 1];
  const base = options.port ?? DEFAULT_PORT;
  return {
    host: own?.host ?? options.host ?? DEFAULT_HOST,
    port: own?.port ?? (base === 0 ? 0 : base + group),
  };
}

interface HttpEndpoint {
  readonly address: { readonly host: string; readonly port: number };
  close(): Promise<void>;
}

function openHttp(parts: ServerParts): Promise<HttpEndpoint> {
  const host = parts.options.http?.host ?? DEFAULT_HOST;
  const port = parts.options.http?.port ?? DEFAULT_HTTP_PORT;
  const server = createServer((request, response) => {
    answer(parts, request.url ?? '/').then(
      ({ status, type, body }) => response.writeHead(status, { 'content-type': type }).end(body),
      (error: unknown) => response.writeHead(500).end(messageOf(error)),
    );
  });
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(cannotListen(host, port, error)));
    server.listen(port, host, () => {
      const bound = server.address();
      const boundPort = typeof bound === 'object' && bound !== null ? bound.port : port;
      resolve({ address: { host, port: boundPort }, close: () => closeServer(server) });
    });
  });
}

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

async function answer(parts: ServerParts, url: string): Promise<Answer> {
  switch (url.split('?')[0]) {
    case '/healthz':
      return text(parts.healthy() ? 200 : 503, parts.healthy() ? 'ok\n' : 'the engine has stopped\n');
    case '/stats':
      return { status: 200, type: 'application/json', body: `${JSON.stringify(parts.stats(), null, 2)}\n` };
    case '/metrics': {
      // Loaded when asked for: every worker loads this package, and none of them needs it.
      const { renderMetrics } = await import('../metrics/prometheus.js');
      return { status: 200, ...(await renderMetrics(parts.stats())) };
    }
    default:
      return text(404, `${STATUS_CODES[404]}. There are /healthz, /metrics and /stats.\n`);
  }
}

function text(status: number, body: string): Answer {
  return { status, type: 'text/plain; charset=utf-8', body };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

function cannotListen(host: string, port: number, error: NodeJS.ErrnoException): PsmrError {
  const inUse = error.code === 'EADDRINUSE';
  return new PsmrError(
    inUse ? 'ADDRESS_IN_USE' : 'INVALID_CONFIG',
    `The HTTP endpoint cannot listen on ${host}:${port}: ${messageOf(error)}. Choose another http.port, or stop what uses it.`,
    { cause: error, details: { host, port } },
  );
}
