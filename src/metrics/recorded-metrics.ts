/** What the workers record, as Prometheus text. */
import { Counter, type Registry } from 'prom-client';
import { bucketEndUs, LATENCY_BUCKETS, PER_DOUBLING } from './latency-buckets.js';
import { STATE_NAMES, type Recorded } from './read-recordings.js';

const US = 1e-6;

/** `names`: the groups'. */
export function addRecorded(registry: Registry, { groups, commands, slots }: Recorded, names: readonly string[]): void {
  const counter = (name: string, help: string, labelNames: string[]): Counter =>
    new Counter({ name, help, labelNames, registers: [registry] });
  const states = counter('psmr_state_seconds_total', 'All of the time, by what the worker did.', ['stream', 'state']);
  const awaited = counter(
    'psmr_rendezvous_wait_by_last_seconds_total',
    'Time waiting at rendezvous with nothing else to do, by the stream that came last.',
    ['stream', 'last'],
  );
  groups.forEach(({ statesUs, awaitedUs }, group) => {
    const stream = names[group] ?? '';
    for (const state of STATE_NAMES) states.inc({ stream, state }, statesUs[state] * US);
    awaitedUs.forEach((us, last) => {
      if (us > 0) awaited.inc({ stream, last: names[last] ?? '' }, us * US);
    });
  });
  const executed = counter('psmr_command_executions_total', 'Commands executed, each counted once.', ['command']);
  const timed = counter('psmr_command_timed_total', 'Of these, the ones that were timed.', ['command']);
  const seconds = counter('psmr_command_timed_seconds_total', 'The time that these took.', ['command']);
  for (const command of commands) {
    const labels = { command: command.name };
    executed.inc(labels, command.count);
    timed.inc(labels, command.timed);
    seconds.inc(labels, command.timedUs * US);
  }
  const touched = counter('psmr_slot_accesses_total', 'Keys of the commands that were timed, by slot.', ['slot']);
  slots.forEach((count, slot) => {
    if (count > 0) touched.inc({ slot }, count);
  });
}

/** A histogram that is counted already, which prom-client has no way to take. */
export function latencyText({ groups }: Recorded, names: readonly string[]): string {
  const metric = 'psmr_frame_seconds';
  const lines = groups.flatMap(({ latency: { counts, frames, sumUs } }, group) => {
    const stream = `stream="${labelText(names[group] ?? '')}"`;
    let sum = 0;
    const buckets = counts.flatMap((count, bucket) => {
      sum += count;
      if (bucket % PER_DOUBLING !== 0 || bucket + PER_DOUBLING >= LATENCY_BUCKETS) return [];
      return [`${metric}_bucket{${stream},le="${Number((bucketEndUs(bucket) * US).toPrecision(6))}"} ${sum}`];
    });
    return [
      ...buckets,
      `${metric}_bucket{${stream},le="+Inf"} ${frames}`,
      `${metric}_sum{${stream}} ${sumUs * US}`,
      `${metric}_count{${stream}} ${frames}`,
    ];
  });
  const help = 'From a frame to its reply, of the frames that were looked at.';
  return `\n# HELP ${metric} ${help}\n# TYPE ${metric} histogram\n${lines.join('\n')}\n`;
}

function labelText(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
