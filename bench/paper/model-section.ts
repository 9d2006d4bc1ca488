/** The part of the page that looks beyond this machine. */
import { type CostModel, errorOf, predictRate } from '../model/cost-model.js';
import type { LoadProfile } from '../model/load-profile.js';
import type { BenchOptions } from '../options/bench-options.js';
import type { Chart, ChartSeries } from '../report/chart.js';
import type { PageTable, Section } from '../report/page.js';
import type { CheckedModel, ModelPoint } from './model-points.js';

/** A workload whose throughput is predicted for several numbers of streams. */
export interface Forecast {
  readonly options: BenchOptions;
  /** One per number of streams, ascending. */
  readonly profiles: readonly LoadProfile[];
}

export function modelSection(model: CheckedModel, forecasts: readonly Forecast[], cores: number): Section {
  const { points, medianError, costs } = model;
  const checking = points.filter(({ calibrates }) => !calibrates);
  return {
    title: 'Beyond this machine: a prediction',
    notes: [
      `A cost model, not a measurement. On the ${checking.length} measured points that did not calibrate it, its median error is ${percent(medianError)}. Points are the fastest rounds: what interrupts a round is no cost of a command.`,
      `The busiest stream sets the pace. For each command it pays ${costsText(costs)}. How many of each there are is counted in the logs of the workload, for every number of streams.`,
      `The curves take a core for each stream, all as fast as this machine's ${cores}, and memory that keeps up with them. Waiting for a slower stream at a meeting is in the cost of a meeting, as far as two streams show it.`,
    ],
    commands: [],
    axis: null,
    runs: [],
    charts: [...sharesOf(points).map((part) => fitChart(part, model)), ...forecastCharts(forecasts, model)],
    table: pointsTable(model),
  };
}

function costsText({ commandUs, mixedUs, workUs, crossUs, meetingUs, entryUs }: CostModel): string {
  return [
    `${us(commandUs)} per execution (${us(commandUs + mixedUs)} where streams meet at all)`,
    `${workUs.toFixed(2)} times the work asked for`,
    `${us(crossUs)} more per execution of a cross-stream command`,
    `${us(meetingUs)} per meeting with another stream`,
    `${us(entryUs)} per log entry`,
  ].join(', ');
}

function us(value: number): string {
  return `${value.toFixed(2)} µs`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

/** The parts in which the share of cross-stream commands varies. */
function sharesOf(points: readonly ModelPoint[]): ModelPoint[][] {
  const parts = new Map<string, ModelPoint[]>();
  for (const point of points) parts.set(point.part, [...(parts.get(point.part) ?? []), point]);
  return [...parts.values()].filter((part) => new Set(part.map(({ options }) => options.cross)).size > 1);
}

const MEASURED: ChartSeries['colour'] = 4;
const CHECKING: ChartSeries['colour'] = 3;
const PREDICTED: ChartSeries['colour'] = 2;

function fitChart(points: readonly ModelPoint[], { costs }: CheckedModel): Chart {
  const predicted = points.map((point) => predictRate(costs, point));
  return {
    ...{ title: `Model and measurement: ${points[0]?.part ?? ''}`, kind: 'lines', xScale: 'asinh', yScale: 'linear' },
    ...{ xLabel: 'cross-stream commands, %', yLabel: 'commands per second', categories: null, prediction: false },
    x: points.map(({ options }) => options.cross * 100),
    series: [
      series('model', PREDICTED, 'dashed', predicted),
      measuredSeries('measured, calibrates', MEASURED, points, true),
      measuredSeries('measured, checks', CHECKING, points, false),
    ],
  };
}

function measuredSeries(
  label: string,
  colour: number,
  points: readonly ModelPoint[],
  calibrating: boolean,
): ChartSeries {
  const own = points.map((point) => (point.calibrates === calibrating ? point : null));
  const rates = own.map((point) => point?.commandsPerSecond ?? null);
  return { ...series(label, colour, 'dots', rates), spread: own.map((point) => point?.spread ?? null) };
}

/** One per amount of work: the rates are far apart. */
function forecastCharts(forecasts: readonly Forecast[], { costs }: CheckedModel): Chart[] {
  const works = [...new Set(forecasts.map(({ options }) => options.workUs))];
  return works.map((workUs) => {
    const own = forecasts.filter(({ options }) => options.workUs === workUs);
    const title = workUs === 0 ? 'p-smr on more cores, light commands' : `p-smr on more cores, ${workUs} µs of work`;
    return {
      ...{ title, kind: 'lines', xLabel: 'streams, each with a core', yLabel: 'commands per second' },
      ...{ categories: null, xScale: 'log2', yScale: 'log10', prediction: true },
      x: own[0]?.profiles.map(({ streams }) => streams) ?? [],
      series: own.map(({ options, profiles }, at) =>
        series(
          `${Number((options.cross * 100).toFixed(2))}% cross-stream${options.zipf > 0 ? `, zipf ${options.zipf}` : ''}`,
          at + 2,
          'dashed',
          profiles.map((profile) => predictRate(costs, { profile, workUs, cores: profile.streams })),
        ),
      ),
    };
  });
}

function series(
  label: string,
  colour: number,
  style: ChartSeries['style'],
  values: ChartSeries['values'],
): ChartSeries {
  return { label, colour, style, values, spread: null, barColours: null };
}

function pointsTable({ points, costs }: CheckedModel): PageTable {
  return {
    head: ['point', 'streams', 'cross', 'work µs', 'zipf', 'batch', 'use', 'fastest round', 'predicted', 'error'],
    rows: points.map((point) => {
      const { options, part, calibrates, commandsPerSecond } = point;
      return [
        ...[part, String(options.streams), percent(options.cross), String(options.workUs), String(options.zipf)],
        ...[String(options.batch), calibrates ? 'calibrates' : 'checks', whole(commandsPerSecond)],
        ...[whole(predictRate(costs, point)), percent(errorOf(costs, point))],
      ];
    }),
  };
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
