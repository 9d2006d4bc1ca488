/// <reference lib="dom" />
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment -- uPlot's const enums exist in its types alone */
/** Throughput and latency over the last minutes. */
import type UPlot from 'uplot';
import type { Sample } from '../dashboard-data.js';
import { byId, colour, empty } from './elements.js';
import { clockTime, duration, short } from './format.js';

declare const uPlot: typeof UPlot;

/** As much as there is, within these. */
const SHOWN_S_MIN = 60;
const SHOWN_S_MAX = 300;
/** Samples come every second; further apart than this, nobody knows what was in between. */
const GAP_MS = 3000;
const HEIGHT = 190;

interface Line {
  readonly label: string;
  readonly colour: string;
  readonly value: (sample: Sample) => number | null;
}

interface Plot {
  readonly place: string;
  readonly lines: readonly Line[];
  readonly text: (value: number) => string;
  readonly none: string;
  readonly log: boolean;
}

const PLOTS: readonly Plot[] = [
  {
    place: 'throughput',
    lines: [
      { label: 'commands/s', colour: '--series-2', value: ({ commands }) => commands },
      { label: 'failed/s', colour: '--series-3', value: ({ failed }) => failed },
    ],
    text: short,
    none: 'No commands yet',
    log: false,
  },
  {
    place: 'latency',
    lines: [
      { label: 'p50', colour: '--series-4', value: ({ latency }) => latency?.p50 ?? null },
      { label: 'p99', colour: '--series-2', value: ({ latency }) => latency?.p99 ?? null },
      { label: 'p99.9', colour: '--series-5', value: ({ latency }) => latency?.p999 ?? null },
    ],
    text: duration,
    none: 'No frames answered yet',
    log: true,
  },
];

let drawn: { readonly plot: UPlot; readonly of: Plot }[] = [];

/** Anew: the width or the colours of the page have changed. */
export function makePlots(): void {
  for (const { plot } of drawn) plot.destroy();
  drawn = PLOTS.map((of) => {
    const place = byId(of.place);
    place.replaceChildren();
    const data: UPlot.AlignedData = [[], ...of.lines.map(() => [])];
    return { plot: new uPlot(optionsOf(of, place.clientWidth), data, place), of };
  });
}

export function drawPlots(samples: readonly Sample[], nowMs: number): void {
  const points: Point[] = samples.flatMap((sample, at) => [
    ...gapBefore(sample, samples[at - 1]),
    { atMs: sample.atMs, sample },
  ]);
  const x = points.map(({ atMs }) => atMs / 1000);
  const max = nowMs / 1000;
  const shown = Math.min(SHOWN_S_MAX, Math.max(SHOWN_S_MIN, max - (x[0] ?? max)));
  for (const { plot, of } of drawn) {
    const values = of.lines.map(({ value }) => points.map(({ sample }) => (sample === null ? null : value(sample))));
    const some = values.flat().some((value) => value !== null && value > 0);
    plot.setData([x, ...values], false);
    plot.batch(() => {
      plot.setScale('x', { min: max - shown, max });
      plot.setScale('y', yRange(values.flat(), of.log));
    });
    const place = byId(of.place);
    place.querySelector('.empty')?.remove();
    if (!some) place.append(empty(of.none));
  }
}

interface Point {
  readonly atMs: number;
  /** Null: not known. */
  readonly sample: Sample | null;
}

/** What ends a line, where samples are missing. */
function gapBefore({ atMs }: Sample, before: Sample | undefined): Point[] {
  return before !== undefined && atMs - before.atMs > GAP_MS ? [{ atMs: before.atMs + 1, sample: null }] : [];
}

function yRange(values: readonly (number | null)[], log: boolean): { min: number; max: number } {
  const known = values.filter((value): value is number => value !== null && (!log || value > 0));
  if (!log) return { min: 0, max: Math.max(1, ...known) * 1.08 };
  if (known.length === 0) return { min: 0.1, max: 10 };
  const min = 10 ** Math.floor(Math.log10(Math.min(...known)));
  return { min, max: Math.max(min * 10, Math.max(...known) * 1.3) };
}

/** Lines at the powers of ten alone. */
function decades(_plot: UPlot, values: readonly number[]): (number | null)[] {
  return values.map((value) => (Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-9 ? value : null));
}

function optionsOf({ lines, text, log }: Plot, width: number): UPlot.Options {
  const [muted, grid] = [colour('--muted'), colour('--grid')];
  const axis: UPlot.Axis = { stroke: muted, grid: { stroke: grid, width: 1 }, font: '12px system-ui' };
  return {
    ...{ width, height: HEIGHT, padding: [10, 26, 0, 0] },
    scales: { x: { time: true, auto: false }, y: { auto: false, ...(log ? { distr: 3, log: 10 } : {}) } },
    axes: [
      { ...axis, ticks: { stroke: grid, width: 1, size: 4 }, size: 30, space: 70, values: '{HH}:{mm}:{ss}' },
      {
        ...axis,
        ticks: { show: false },
        grid: { stroke: grid, width: 1, ...(log ? { filter: decades } : {}) },
        size: 56,
        values: (_plot, values: (number | null)[]) => values.map((value) => (value === null ? '' : text(value))),
      },
    ],
    series: [
      { label: 'at', value: (_plot, value: number | null) => (value === null ? '–' : clockTime(value * 1000)) },
      ...lines.map((line): UPlot.Series => ({
        label: line.label,
        stroke: colour(line.colour),
        width: 1.75,
        points: { show: false },
        value: (_plot, value: number | null) => (value === null ? '–' : text(value)),
      })),
    ],
    legend: { live: true, markers: { width: 0, fill: (_plot, at) => colour(lines[at - 1]?.colour ?? '--muted') } },
    cursor: { drag: { x: false, y: false }, y: false },
  };
}
