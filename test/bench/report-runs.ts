import { parseBenchOptions } from '../../bench/options/bench-options.js';
import { type RunReport, reportRun } from '../../bench/measure/report.js';
import type { TechniqueName } from '../../bench/techniques/technique.js';

/** A run as a benchmark would report it, at `rate` commands per second, a tenth more and less in other rounds. */
export function runReport(
  technique: TechniqueName,
  rate: number,
  values: Record<string, unknown> = {},
  latency: number | null = null,
): RunReport {
  const options = parseBenchOptions(values);
  const streams = technique === 'p-smr' || technique === 'sp-smr' ? options.streams : 1;
  return reportRun(options, {
    variant: { technique, durability: 'memory', streams },
    commandsPerSecond: { median: rate, min: rate * 0.9, max: rate * 1.1 },
    latencyUs:
      latency === null
        ? null
        : { p50: latency, p90: latency * 2, p99: latency * 4, p999: latency * 8, max: latency * 16 },
    ratioToFirst: rate / 1000,
    ratioRange: { min: (rate / 1000) * 0.9, max: (rate / 1000) * 1.1 },
  });
}
