/** The endpoints of an engine: one WebSocket listener per group, in its worker, and one HTTP endpoint. */
import { addressText } from '../address-text.js';
import type { PartitionMap } from '../classifier/partition-map.js';
import { invalidConfig } from '../config/config-error.js';
import type { Limits } from '../config/limits.js';
import { PsmrError } from '../errors.js';
import { PROTOCOL_VERSION } from '../transport/frames.js';
import type { ReplicaEndpoints } from '../transport/handshake.js';
import { transportHint } from '../transport/native-module.js';
import type { Dashboard, DashboardParts } from '../dashboard/dashboard.js';
import type { EngineStats } from './engine-stats.js';
import { openHttpEndpoint, textAnswer, type HttpAnswer, type HttpEndpoint, type HttpRoute } from './http-endpoint.js';
import type { WorkerPool } from './worker-pool.js';

/** Where each group is reached: `endpoints[0]` is group 0's, `endpoints[i]` stream i's. */
export interface Listening {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** What clients connect to. */
  readonly url: string;
  readonly http: { readonly host: string; readonly port: number } | null;
  /** Why clients are served more slowly than they could be, and what to do; null: they are not. */
  readonly hint: string | null;
  /**
   * Closes all of them and their clients' connections; the engine goes on, and may listen again. A replica's HTTP endpoint
   * stays open, for the other replicas.
   */
  close(): Promise<void>;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Group 0's port, stream i gets `port + i`; 0: the system picks all. Default 7400. */
  readonly port?: number;
  /** The HTTP endpoint for the dashboard, /healthz, /metrics and /stats; null: none. Default 127.0.0.1:7390. */
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
const PORT_MAX = 65_535;

export interface ServerParts {
  readonly options: ListenOptions;
  readonly limits: Limits;
  readonly service: string;
  readonly map: PartitionMap;
  readonly pool: WorkerPool;
  readonly stats: () => EngineStats;
  readonly healthy: () => boolean;
  readonly status: DashboardParts['status'];
  readonly events: DashboardParts['events'];
  /** This replica's number, where the service is replicated. */
  readonly replica?: number;
  readonly replicas?: readonly ReplicaEndpoints[];
  /** What the HTTP endpoint offers besides health and metrics. */
  readonly routes?: readonly HttpRoute[];
  /** A replica's HTTP endpoint is open already: the others need it, whether clients are served or not. */
  readonly openHttp?: HttpEndpoint;
  /** Replicas fetch each other's state there: in a cluster with TLS it speaks https. */
  readonly httpTls?: { readonly certFile: string; readonly keyFile: string };
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
  checkPorts(options, map.streams);
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
      replica: parts.replica ?? 0,
      // Each worker fills in who leads as it greets.
      leaders: parts.replica === undefined ? [] : endpoints.map(() => 0),
      replicas: parts.replicas ?? [],
    },
  });
  const http = options.http === null ? null : await openHttp(parts);
  const scheme = options.tls === undefined ? 'ws' : 'wss';
  return {
    endpoints,
    url: `${scheme}://${addressText({ host, port: endpoints[0]?.port ?? 0 })}`,
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

/** Ports count up from group 0's. */
function checkPorts(options: ListenOptions, streams: number): void {
  for (let group = 0; group <= streams; group++) {
    const { port } = addressOf(options, group);
    if (port <= PORT_MAX) continue;
    throw invalidConfig(null, ['port'], `found ${options.port}; it accepts one with room for ${streams + 1} ports`);
  }
}

function addressOf(options: ListenOptions, group: number): { host: string; port: number } {
  const own = group === 0 ? undefined : options.streams?.[group - 1];
  const base = options.port ?? DEFAULT_PORT;
  return {
    host: own?.host ?? options.host ?? DEFAULT_HOST,
    port: own?.port ?? (base === 0 ? 0 : base + group),
  };
}

async function openHttp(parts: ServerParts): Promise<HttpEndpoint> {
  const { map, stats, status, events } = parts;
  const { openDashboard } = await import('../dashboard/dashboard.js');
  const dashboard = openDashboard({ stats, status, events, slotStreams: map.toJson().slots });
  try {
    const http = await listenHttp(parts, dashboard);
    return {
      ...http,
      close: () => {
        dashboard.close();
        return http.close();
      },
    };
  } catch (error) {
    dashboard.close();
    throw error;
  }
}

async function listenHttp(parts: ServerParts, dashboard: Dashboard): Promise<HttpEndpoint> {
  const { options, openHttp: open, httpTls } = parts;
  const { host = DEFAULT_HOST, port = DEFAULT_HTTP_PORT } = options.http ?? {};
  const routes = httpRoutes(parts, dashboard);
  if (open === undefined || open.address.port !== port) return openHttpEndpoint({ host, port, tls: httpTls, routes });
  if (open.address.host !== host) throw openElsewhere(open, host);
  open.serve(routes);
  return open;
}

function openElsewhere({ address }: HttpEndpoint, host: string): PsmrError {
  return new PsmrError(
    'INVALID_CONFIG',
    `The HTTP endpoint cannot listen on ${host}:${address.port}: this replica's is open on ${address.host}:${address.port}, ` +
      "for the other replicas. Choose another http.port, or make the host the replica's http.host in the configuration.",
  );
}

function httpRoutes({ healthy, stats, routes = [] }: ServerParts, dashboard: Dashboard): HttpRoute[] {
  return [
    {
      method: 'GET',
      path: '/healthz',
      handle: () => textAnswer(healthy() ? 200 : 503, healthy() ? 'ok\n' : 'the engine has stopped\n'),
    },
    { method: 'GET', path: '/metrics', handle: async () => ({ status: 200, ...(await metricsOf(stats())) }) },
    { method: 'GET', path: '/stats', handle: () => statsAnswer(stats()) },
    ...dashboard.routes,
    ...routes,
  ];
}

/** Lists of numbers on one line each: some are long. */
function statsAnswer(stats: EngineStats): HttpAnswer {
  const text = `${JSON.stringify(stats, null, 2)}\n`;
  const body = text.replaceAll(/\[\n[\d\s.,e+-]*\]/g, (list) => list.replaceAll(/\s+/g, ''));
  return { status: 200, type: 'application/json', body };
}

/** Loaded when asked for: every worker loads this package, and none of them needs it. */
async function metricsOf(stats: EngineStats): Promise<{ type: string; body: string }> {
  const { renderMetrics } = await import('../metrics/prometheus.js');
  return renderMetrics(stats);
}
