/** The engine's counters as Prometheus text. */
import { Counter, Gauge, Registry } from 'prom-client';
import type { CounterName } from '../memory/counters.js';
import { addRecorded, latencyText } from './recorded-metrics.js';
import type { EngineStats } from '../replica/engine-stats.js';

interface Metric {
  readonly name: string;
  readonly help: string;
  readonly counter: CounterName;
  readonly gauge?: true;
  /** Multiplies the counter: Prometheus wants base units. */
  readonly scale?: number;
}

const US = 1e-6;

const METRICS: readonly Metric[] = [
  { name: 'psmr_commands_total', help: 'Commands executed, each counted once.', counter: 'commands' },
  {
    name: 'psmr_cross_commands_total',
    help: 'Cross-stream commands executed in this stream.',
    counter: 'crossCommands',
  },
  { name: 'psmr_failed_commands_total', help: 'Commands that ended in an error reply.', counter: 'failedCommands' },
  {
    name: 'psmr_unlogged_reads_total',
    help: 'Read-only commands answered without a log entry.',
    counter: 'unloggedReads',
  },
  { name: 'psmr_entries_total', help: 'Log entries executed.', counter: 'entries' },
  { name: 'psmr_frames_total', help: 'Frames of clients executed: each a batch of commands.', counter: 'frames' },
  { name: 'psmr_rejected_frames_total', help: 'Frames refused before the log.', counter: 'rejectedFrames' },
  {
    name: 'psmr_malformed_peer_messages_total',
    help: 'Messages of other replicas that were passed over.',
    counter: 'malformedPeerMessages',
  },
  {
    name: 'psmr_rendezvous_total',
    help: 'Runs of cross-stream commands that met other streams.',
    counter: 'rendezvous',
  },
  {
    name: 'psmr_rendezvous_wait_seconds_total',
    help: 'Time waiting at a rendezvous.',
    counter: 'rendezvousWaitUs',
    scale: US,
  },
  { name: 'psmr_merge_wait_seconds_total', help: 'Time waiting for group 0.', counter: 'mergeWaitUs', scale: US },
  { name: 'psmr_busy_seconds_total', help: 'Time spent working.', counter: 'busyUs', scale: US },
  { name: 'psmr_queued_bytes', help: 'Bytes received and not executed.', counter: 'queuedBytes', gauge: true },
  { name: 'psmr_keys', help: 'Keys in the partition.', counter: 'keys', gauge: true },
  { name: 'psmr_sessions', help: 'Client sessions remembered.', counter: 'sessions', gauge: true },
  { name: 'psmr_connections', help: 'Open client connections.', counter: 'connections', gauge: true },
  { name: 'psmr_log_bytes', help: 'Bytes in the log.', counter: 'logBytes', gauge: true },
  { name: 'psmr_log_last_index', help: 'Newest index of the log.', counter: 'lastIndex', gauge: true },
  { name: 'psmr_log_committed_index', help: 'Newest committed index.', counter: 'committedIndex', gauge: true },
  { name: 'psmr_log_executed_index', help: 'Newest index executed.', counter: 'executedIndex', gauge: true },
];

export async function renderMetrics(stats: EngineStats): Promise<{ type: string; body: string }> {
  const registry = new Registry();
  for (const metric of METRICS) addMetric(registry, metric, stats);
  if (stats.recorded !== null)
    addRecorded(
      registry,
      stats.recorded,
      stats.groups.map(({ name }) => name),
    );
  const latencies =
    stats.recorded === null
      ? ''
      : latencyText(
          stats.recorded,
          stats.groups.map(({ name }) => name),
        );
  return { type: registry.contentType, body: `${await registry.metrics()}${latencies}` };
}

function addMetric(registry: Registry, metric: Metric, stats: EngineStats): void {
  const options = { name: metric.name, help: metric.help, labelNames: ['stream'], registers: [registry] };
  const gauge = metric.gauge === true ? new Gauge(options) : null;
  const counter = metric.gauge === true ? null : new Counter(options);
  for (const group of stats.groups) {
    const value = group[metric.counter] * (metric.scale ?? 1);
    gauge?.set({ stream: group.name }, value);
    counter?.inc({ stream: group.name }, value);
  }
}
