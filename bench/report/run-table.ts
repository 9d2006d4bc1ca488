import type { RunReport } from '../measure/report.js';
import type { SweepAxis } from '../options/sweep.js';
import { labelOf } from '../techniques/variant.js';
import type { PageTable } from './page.js';
import { AXES, axisValue } from './run-charts.js';

/** Every run of a section, a row each. */
export function runTable(runs: readonly RunReport[], axis: SweepAxis | null): PageTable {
  const latencies = runs.some(({ latencyUs }) => latencyUs !== null);
  return {
    head: [
      'technique',
      ...(axis === null ? [] : [AXES[axis].label]),
      ...['threads', 'commands/s', 'min', 'max', 'ratio', 'ratio min - max'],
      ...(latencies ? ['p50 µs', 'p90', 'p99', 'p99.9', 'max'] : []),
    ],
    rows: runs.map((run) => [
      labelOf(run),
      ...(axis === null ? [] : [axisText(run, axis)]),
      ...throughputCells(run),
      ...(latencies ? latencyCells(run) : []),
    ]),
  };
}

function axisText(run: RunReport, axis: SweepAxis): string {
  return Number((axisValue(run, axis) * AXES[axis].factor).toFixed(4)).toLocaleString('en-US');
}

function throughputCells({ streams, commandsPerSecond, ratioToFirst, ratioRange }: RunReport): string[] {
  const { median, min, max } = commandsPerSecond;
  const range = `${ratioRange.min.toFixed(2)} - ${ratioRange.max.toFixed(2)}`;
  return [String(streams), whole(median), whole(min), whole(max), ratioToFirst.toFixed(2), range];
}

function latencyCells({ latencyUs }: RunReport): string[] {
  if (latencyUs === null) return ['', '', '', '', ''];
  const { p50, p90, p99, p999, max } = latencyUs;
  return [p50, p90, p99, p999, max].map(whole);
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
