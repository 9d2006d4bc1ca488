/** The last minutes, second by second: what the page shows when it is opened is there already. */
import { SLOTS } from '../classifier/slots.js';
import { percentileUs } from '../metrics/latency-buckets.js';
import type { RecordedGroup } from '../metrics/read-recordings.js';
import type { EngineStats, GroupStats } from '../replica/engine-stats.js';
import type { CommandRow, GroupSample, Percentiles, Sample } from './dashboard-data.js';

const KEPT = 300;
/** Accesses of a minute ago count a twentieth. */
const HEAT_KEPT = 0.95;

interface Reading {
  readonly atMs: number;
  readonly stats: EngineStats;
}

export class History {
  readonly #samples: Sample[] = [];
  readonly #heat = Array.from({ length: SLOTS }, () => 0);
  #before: Reading | null = null;
  #commandRates: readonly number[] = [];

  /** About once a second. */
  add(stats: EngineStats, atMs: number): void {
    const before = this.#before;
    this.#before = { atMs, stats };
    if (before === null) return;
    const seconds = Math.max(0.001, (atMs - before.atMs) / 1000);
    this.#samples.push(sampleOf(before.stats, stats, seconds, atMs));
    if (this.#samples.length > KEPT) this.#samples.shift();
    const recorded = stats.recorded;
    if (recorded === null) return;
    const old = before.stats.recorded;
    this.#commandRates = recorded.commands.map(
      ({ count }, at) => (count - (old?.commands[at]?.count ?? count)) / seconds,
    );
    recorded.slots.forEach((count, slot) => {
      this.#heat[slot] = (this.#heat[slot] ?? 0) * HEAT_KEPT + count - (old?.slots[slot] ?? count);
    });
  }

  after(atMs: number): Sample[] {
    return this.#samples.filter((sample) => sample.atMs > atMs);
  }

  get heat(): number[] {
    return this.#heat.map((heat) => Math.round(heat * 100) / 100);
  }

  get commandRows(): CommandRow[] {
    return (this.#before?.stats.recorded?.commands ?? []).map(({ name, count, timed, timedUs }, at) => ({
      name,
      count,
      perSecond: this.#commandRates[at] ?? 0,
      meanUs: timed === 0 ? null : timedUs / timed,
    }));
  }
}

function sampleOf(before: EngineStats, stats: EngineStats, seconds: number, atMs: number): Sample {
  return {
    atMs,
    commands: (stats.commands - before.commands) / seconds,
    failed: (stats.failedCommands - before.failedCommands) / seconds,
    latency: percentiles(before, stats),
    groups: stats.groups.flatMap((group, at) => {
      const old = before.groups[at];
      return old === undefined ? [] : [groupSample(old, group, before, stats, seconds)];
    }),
  };
}

function percentiles(before: EngineStats, { recorded }: EngineStats): Percentiles | null {
  const counts: number[] = [];
  recorded?.groups.forEach(({ latency }, group) => {
    const old = before.recorded?.groups[group]?.latency.counts ?? [];
    latency.counts.forEach((count, bucket) => {
      counts[bucket] = (counts[bucket] ?? 0) + count - (old[bucket] ?? 0);
    });
  });
  const ms = (share: number): number => (percentileUs(counts, share) ?? 0) / 1000;
  return percentileUs(counts, 1) === null ? null : { p50: ms(0.5), p99: ms(0.99), p999: ms(0.999) };
}

function groupSample(
  old: GroupStats,
  group: GroupStats,
  before: EngineStats,
  stats: EngineStats,
  seconds: number,
): GroupSample {
  const commands = group.group === 0 ? group.entries - old.entries : group.commands - old.commands;
  const cross = group.crossCommands - old.crossCommands;
  return {
    commands: commands / seconds,
    cross: cross / seconds,
    frames: (group.frames - old.frames) / seconds,
    batched: (group.framedCommands - old.framedCommands) / seconds,
    ...shares(before.recorded?.groups[group.group], stats.recorded?.groups[group.group]),
    behind: Math.max(0, group.committedIndex - group.executedIndex),
    queuedBytes: group.queuedBytes,
  };
}

type Shares = Pick<GroupSample, 'busy' | 'merge' | 'idle' | 'rendezvous'>;

function shares(before: RecordedGroup | undefined, group: RecordedGroup | undefined): Shares {
  if (before === undefined || group === undefined) return { busy: 0, merge: 0, idle: 0, rendezvous: [] };
  const spent = (state: keyof RecordedGroup['statesUs']): number => group.statesUs[state] - before.statesUs[state];
  const total = spent('busy') + spent('merge') + spent('rendezvous') + spent('idle');
  const share = (us: number): number => (total === 0 ? 0 : Math.round((us / total) * 1000) / 1000);
  return {
    busy: share(spent('busy')),
    merge: share(spent('merge')),
    idle: share(spent('idle')),
    rendezvous: byStream(before, group, spent('rendezvous'))
      .map(({ stream, us }) => ({ stream, share: share(us) }))
      .filter(({ share: some }) => some > 0),
  };
}

/** Who came last is known when all have come; until then the time is of the one that is missing. */
function byStream(before: RecordedGroup, group: RecordedGroup, spentUs: number): { stream: number; us: number }[] {
  const met = group.awaitedUs.map((us, stream) => ({ stream, us: us - (before.awaitedUs[stream] ?? 0) }));
  const metUs = met.reduce((sum, { us }) => sum + us, 0);
  // A rendezvous that began before this second has given it more than it had.
  const scale = metUs > spentUs && metUs > 0 ? spentUs / metUs : 1;
  const missing = group.now.state === 'rendezvous' ? group.now.stream : 0;
  return met.map(({ stream, us }) => ({
    stream,
    us: us * scale + (stream === missing ? Math.max(0, spentUs - metUs) : 0),
  }));
}
