/** The dashboard's part of an HTTP endpoint: the page, and what it asks for each second. */
import type { EventLog } from '../metrics/event-log.js';
import type { ReplicaStatus } from '../replica/admin/replica-status.js';
import type { EngineStats } from '../replica/engine-stats.js';
import type { HttpAnswer, HttpRoute } from '../replica/http-endpoint.js';
import type { DashboardData } from './dashboard-data.js';
import { dashboardPage } from './dashboard-page.js';
import { History } from './history.js';

export interface DashboardParts {
  readonly stats: () => EngineStats;
  readonly status: () => ReplicaStatus | null;
  readonly events: EventLog;
  /** The stream of each slot. */
  readonly slotStreams: readonly number[];
}

export interface Dashboard {
  readonly routes: readonly HttpRoute[];
  close(): void;
}

interface OpenParts extends DashboardParts {
  readonly startedMs: number;
}

const SAMPLE_MS = 1000;

/** Looks at the engine each second from now on. */
export function openDashboard(parts: DashboardParts): Dashboard {
  const history = new History();
  const startedMs = Math.round(Date.now() - parts.stats().upMs);
  const look = (): void => history.add(parts.stats(), Date.now());
  look();
  const timer = setInterval(look, SAMPLE_MS).unref();
  return {
    routes: [
      { method: 'GET', path: '/', handle: () => dashboardPage() },
      {
        method: 'GET',
        path: '/dashboard.json',
        handle: ({ query }) => dataAnswer({ ...parts, startedMs }, history, query),
      },
    ],
    close: () => clearInterval(timer),
  };
}

function dataAnswer(parts: OpenParts, history: History, query: URLSearchParams): HttpAnswer {
  const after = (name: string): number => Number(query.get(name) ?? 0);
  const data = dashboardData(parts, history, after('samplesAfter'), after('eventsAfter'));
  return {
    status: 200,
    type: 'application/json',
    headers: { 'cache-control': 'no-store' },
    body: JSON.stringify(data),
  };
}

function dashboardData(
  { stats, status, events, slotStreams, startedMs }: OpenParts,
  history: History,
  samplesAfter: number,
  eventsAfter: number,
): DashboardData {
  const { service, recorded, commands, failedCommands, keys, checkpoints, lastCheckpoint, groups } = stats();
  const nowMs = Date.now();
  return {
    ...{ service, nowMs, commands, failedCommands, keys, checkpoints, lastCheckpoint, slotStreams },
    startedMs,
    recording: recorded !== null,
    groups: groups.map(({ name, group, ...of }) => ({
      ...{ name, keys: of.keys, sessions: of.sessions, connections: of.connections, logBytes: of.logBytes },
      now: recorded?.groups[group]?.now ?? null,
    })),
    samples: history.after(samplesAfter),
    commandRows: history.commandRows,
    heat: history.heat,
    replica: status(),
    events: events.since(eventsAfter),
  };
}
