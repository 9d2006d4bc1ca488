/** The plots of a section, made from its runs. */
import type { RunReport } from '../measure/report.js';
import type { Spread } from '../measure/spread.js';
import type { SweepAxis } from '../options/sweep.js';
import { TECHNIQUES } from '../techniques/technique.js';
import { labelOf } from '../techniques/variant.js';
import type { Chart, ChartScale, ChartSeries } from './chart.js';

interface AxisLook {
  readonly label: string;
  readonly scale: ChartScale;
  /** What the page shows is this many times the option's value. */
  readonly factor: number;
}

export const AXES: Readonly<Record<SweepAxis, AxisLook>> = {
  streams: { label: 'streams', scale: 'log2', factor: 1 },
  cross: { label: 'cross-stream commands, %', scale: 'asinh', factor: 100 },
  workUs: { label: 'work per command, µs', scale: 'asinh', factor: 1 },
  zipf: { label: 'skew of the keys (zipf theta)', scale: 'linear', factor: 1 },
  batch: { label: 'commands per log entry or call', scale: 'log2', factor: 1 },
  rate: { label: 'commands per second, asked for', scale: 'linear', factor: 1 },
};

const RATE_LABEL = 'commands per second';
const LATENCY_LABEL = 'latency, µs';

/** Without an axis a bar per run; with one a line per technique. Latencies where they were measured. */
export function chartsOf(runs: readonly RunReport[], axis: SweepAxis | null): Chart[] {
  if (runs.length === 0) return [];
  const latencies = runs.some(({ latencyUs }) => latencyUs !== null);
  if (axis === null) return [throughputBars(runs), ...(latencies ? [percentiles(runs)] : [])];
  if (axis === 'rate') return [latencyCurve(runs), reachedRate(runs)];
  return [throughputLines(runs, axis), speedUp(runs, axis)];
}

function throughputBars(runs: readonly RunReport[]): Chart {
  return {
    ...{ title: 'Throughput by technique', kind: 'bars', xLabel: '', yLabel: RATE_LABEL },
    x: runs.map((_run, at) => at),
    categories: runs.map(labelOf),
    ...{ xScale: 'linear', yScale: 'linear', prediction: false },
    series: [
      {
        ...{ label: 'median, min - max', colour: 1, style: 'solid' },
        values: runs.map((run) => run.commandsPerSecond.median),
        spread: runs.map((run) => run.commandsPerSecond),
        barColours: runs.map(colourOf),
      },
    ],
  };
}

function percentiles(runs: readonly RunReport[]): Chart {
  const measured = runs.flatMap((run) => (run.latencyUs === null ? [] : [{ run, latency: run.latencyUs }]));
  return {
    ...{ title: 'Latency percentiles', kind: 'lines', xLabel: 'percentile', yLabel: LATENCY_LABEL },
    x: [0, 1, 2, 3, 4],
    categories: ['50', '90', '99', '99.9', 'max'],
    ...{ xScale: 'linear', yScale: 'log10', prediction: false },
    series: measured.map(({ run, latency: { p50, p90, p99, p999, max } }) => ({
      ...line(run),
      values: [p50, p90, p99, p999, max],
    })),
  };
}

function throughputLines(runs: readonly RunReport[], axis: SweepAxis): Chart {
  return overAxis(runs, axis, `Throughput against ${AXES[axis].label}`, RATE_LABEL, (run) => run.commandsPerSecond);
}

/** Over the first technique at the same value of the axis, or over the first value where there is one technique alone. */
function speedUp(runs: readonly RunReport[], axis: SweepAxis): Chart {
  const [first] = runs;
  const alone = first !== undefined && runs.every((run) => labelOf(run) === labelOf(first));
  const base = first?.commandsPerSecond.median ?? 1;
  return overAxis(runs, axis, `Speed-up against ${AXES[axis].label}`, speedUpLabel(first, alone), (run) => {
    if (!alone) return { median: run.ratioToFirst, ...run.ratioRange };
    const { median, min, max } = run.commandsPerSecond;
    return { median: median / base, min: min / base, max: max / base };
  });
}

function speedUpLabel(first: RunReport | undefined, alone: boolean): string {
  return first === undefined ? '' : `times ${alone ? 'the first point' : labelOf(first)}`;
}

function overAxis(
  runs: readonly RunReport[],
  axis: SweepAxis,
  title: string,
  yLabel: string,
  valueOf: (run: RunReport) => Spread,
): Chart {
  const { label, scale, factor } = AXES[axis];
  const places = ascending(runs.map((run) => axisValue(run, axis)));
  return {
    ...{
      title,
      kind: 'lines',
      xLabel: label,
      yLabel,
      categories: null,
      xScale: scale,
      yScale: 'linear',
      prediction: false,
    },
    x: places.map((place) => place * factor),
    series: byLabel(runs).map((own) => {
      const values = places.map((place) => own.find((run) => axisValue(run, axis) === place)).map(mapped(valueOf));
      return { ...lineOf(own), values: values.map((value) => value?.median ?? null), spread: values };
    }),
  };
}

/** `streams` of a run are those of its technique, 1 for smr; the axis has those that were asked for. */
export function axisValue(run: RunReport, axis: SweepAxis): number {
  return axis === 'streams' ? run.streamsAsked : (run[axis] ?? 0);
}

/** What was reached against p50 and p99: the further right at a low latency, the better. */
function latencyCurve(runs: readonly RunReport[]): Chart {
  const reached = (run: RunReport): number => run.commandsPerSecond.median;
  const x = ascending(runs.map(reached));
  const series = byLabel(runs).flatMap((own) =>
    (['p50', 'p99'] as const).map((percentile) => ({
      ...lineOf(own),
      label: `${lineOf(own).label} ${percentile}`,
      style: percentile === 'p50' ? ('solid' as const) : ('dashed' as const),
      values: x.map((rate) => own.find((run) => reached(run) === rate)?.latencyUs?.[percentile] ?? null),
    })),
  );
  return {
    ...{ title: 'Latency against throughput', kind: 'lines', xLabel: RATE_LABEL, yLabel: LATENCY_LABEL },
    ...{ x, categories: null, xScale: 'linear', yScale: 'log10', prediction: false, series },
  };
}

function reachedRate(runs: readonly RunReport[]): Chart {
  return overAxis(runs, 'rate', 'Throughput against the rate asked for', RATE_LABEL, (run) => run.commandsPerSecond);
}

function line(run: RunReport): Omit<ChartSeries, 'values'> {
  return { label: labelOf(run), colour: colourOf(run), style: 'solid', spread: null, barColours: null };
}

function lineOf(runs: readonly RunReport[]): Omit<ChartSeries, 'values'> {
  const [first] = runs;
  if (first === undefined) throw new RangeError('a line needs at least one run');
  return line(first);
}

/** The same technique has the same colour in all plots; its durable variants have others. */
function colourOf({ technique, durability }: RunReport): number {
  if (durability === 'memory') return TECHNIQUES.indexOf(technique) + 1;
  return TECHNIQUES.length + (durability === 'async' ? 1 : 2) + (technique === 'p-smr' ? 0 : 2);
}

function byLabel(runs: readonly RunReport[]): RunReport[][] {
  const groups = new Map<string, RunReport[]>();
  for (const run of runs) groups.set(labelOf(run), [...(groups.get(labelOf(run)) ?? []), run]);
  return [...groups.values()];
}

function ascending(values: readonly number[]): number[] {
  return [...new Set(values)].toSorted((a, b) => a - b);
}

function mapped<T, R>(map: (value: T) => R): (value: T | undefined) => R | null {
  return (value) => (value === undefined ? null : map(value));
}
