/// <reference lib="dom" />
/* eslint-disable @typescript-eslint/no-unsafe-enum-assignment -- uPlot's const enums exist in its types alone */
/**
 * Draws the plots of a report page. Runs in the browser: the page holds this file, compiled, and uPlot before it; so
 * nothing but types may be imported.
 */
import type UPlot from 'uplot';
import type { Chart, ChartSeries } from '../chart.js';

declare const uPlot: typeof UPlot;

const HEIGHT = 300;
const WHISKER = 4;
const BAR_SHARE = 0.6;
const BAR_WIDTH_MAX = 72;
/** Fewer pixels than this between two x: no number below the second. */
const TICK_DISTANCE_MIN = 24;
/** Below the plot, with one line of text. */
const AXIS_SIZE = 34;
const LINE_HEIGHT = 18;

/** Set anew for each drawing: a page may change between light and dark. */
interface Look {
  readonly text: string;
  readonly strong: string;
  readonly grid: string;
  readonly card: string;
  readonly palette: readonly string[];
}

function readLook(): Look {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const palette = Array.from({ length: 8 }, (_, i) => colour(`--series-${i + 1}`));
  return {
    ...{ text: colour('--muted'), strong: colour('--text'), grid: colour('--grid'), card: colour('--card') },
    palette,
  };
}

function optionsOf(chart: Chart, look: Look, width: number): UPlot.Options {
  const colours = chart.series.map(({ colour }) => look.palette[colour - 1] ?? look.text);
  return {
    ...{ width, height: HEIGHT, padding: [12, 14, 0, 0] },
    scales: { x: xScale(chart), y: yScale(chart) },
    axes: [xAxis(chart, look), yAxis(chart, look)],
    series: [
      { label: chart.xLabel, value: (_plot, value) => xText(chart, value) },
      ...chart.series.map((series, at) => seriesOf(chart, series, colours[at] ?? look.text, look)),
    ],
    legend: { show: chart.kind === 'lines', live: true, markers: legendMarkers(chart, colours) },
    cursor: { drag: { x: false, y: false }, points: { show: chart.kind === 'lines' } },
    hooks: { draw: [(plot) => drawWhiskers(plot, chart, colours, look)] },
  };
}

/** As the lines are: full, dashed, or a point's empty middle. */
function legendMarkers({ series }: Chart, colours: readonly string[]): UPlot.Legend.Markers {
  const style = (at: number): ChartSeries['style'] => series[at - 1]?.style ?? 'solid';
  return {
    fill: (_plot, at) => (style(at) === 'solid' ? (colours[at - 1] ?? '') : 'transparent'),
    dash: (_plot, at) => (style(at) === 'dashed' ? 'dashed' : 'solid'),
  };
}

function xScale({ kind, x, categories, xScale: scale }: Chart): UPlot.Scale {
  const first = x[0] ?? 0;
  const last = x.at(-1) ?? 1;
  const room = kind === 'bars' ? 0.5 : 0.15;
  if (categories !== null) return { time: false, range: [first - room, last + room] };
  if (scale === 'log2') return { time: false, distr: 3, log: 2, range: [first / 1.1, Math.max(last, first * 2) * 1.1] };
  if (scale === 'asinh') return { time: false, distr: 4, asinh: 1, range: [first - 0.2, last * 1.1] };
  const margin = (last - first || 1) * 0.03;
  return { time: false, range: [first - margin, last + margin] };
}

function yScale({ series, yScale: scale }: Chart): UPlot.Scale {
  if (scale === 'log10') return { distr: 3, log: 10 };
  const all = series.flatMap(({ values, spread }) => [...values, ...(spread ?? []).map((each) => each?.max ?? null)]);
  const top = Math.max(...all.map((value) => value ?? 0));
  return { range: [0, top === 0 ? 1 : top * 1.06] };
}

function xAxis(chart: Chart, { text, grid }: Look): UPlot.Axis {
  const lines = Math.max(1, ...(chart.categories ?? []).map((category) => category.split('\n').length));
  const size = AXIS_SIZE + (lines - 1) * LINE_HEIGHT;
  const common: UPlot.Axis = { stroke: text, grid: { show: chart.kind === 'lines', stroke: grid, width: 1 }, size };
  const ticks: UPlot.Axis = { ...common, ticks: { stroke: grid, width: 1, size: 5 }, font: '12px system-ui' };
  const labelled: UPlot.Axis =
    chart.xLabel === '' ? ticks : { ...ticks, label: chart.xLabel, labelSize: 20, labelFont: '12px system-ui' };
  if (chart.categories === null && chart.xScale === 'linear')
    return { ...labelled, space: 70, values: (_plot, values) => values.map(short) };
  // Where points are few and uneven, the points themselves are the marks.
  return {
    ...labelled,
    splits: () => [...chart.x],
    filter: (plot, values) => withoutCrowding(plot, values),
    values: (_plot, values: (number | null)[]) => values.map((value) => (value === null ? '' : xText(chart, value))),
  };
}

function withoutCrowding(plot: UPlot, values: readonly number[]): (number | null)[] {
  let last = -Infinity;
  return values.map((value) => {
    const at = plot.valToPos(value, 'x');
    if (at - last < TICK_DISTANCE_MIN) return null;
    last = at;
    return value;
  });
}

function yAxis({ yLabel, yScale: scale }: Chart, { text, grid }: Look): UPlot.Axis {
  const lines = scale === 'log10' ? { filter: (_plot: UPlot, at: number[]) => at.map(roundOrNull) } : {};
  return {
    ...{ stroke: text, ticks: { show: false }, size: 48, font: '12px system-ui' },
    grid: { stroke: grid, width: 1, ...lines },
    ...{ label: yLabel, labelSize: 20, labelFont: '12px system-ui', labelGap: 0 },
    values: (_plot, values: (number | null)[]) =>
      values.map((value) => (value === null || (scale === 'log10' && !isRound(value)) ? '' : short(value))),
  };
}

/** 1, 2 or 5 times a power of ten. */
function isRound(value: number): boolean {
  return ['1', '2', '5'].includes(String(Number((value / 10 ** Math.floor(Math.log10(value) + 1e-9)).toFixed(6))));
}

function roundOrNull(value: number): number | null {
  return isRound(value) ? value : null;
}

function seriesOf(chart: Chart, series: ChartSeries, colour: string, look: Look): UPlot.Series {
  const value = (_plot: UPlot, y: number | null): string => (y === null ? '' : long(y));
  if (chart.kind === 'bars') return { label: series.label, value, ...bars(series, look) };
  const line: UPlot.Series = {
    ...{ label: series.label, value, stroke: colour, width: 2, spanGaps: true },
    points: { show: series.style !== 'dashed' || series.spread !== null, size: 7, fill: colour, stroke: colour },
  };
  if (series.style === 'dots')
    return { ...line, paths: () => null, points: { show: true, size: 10, stroke: colour, fill: look.card } };
  return series.style === 'dashed' ? { ...line, dash: [6, 5] } : line;
}

function bars({ barColours, values }: ChartSeries, { palette, text }: Look): UPlot.Series {
  const fills = values.map((_value, at) => palette[(barColours?.[at] ?? 1) - 1] ?? text);
  const paths = uPlot.paths.bars?.({
    size: [BAR_SHARE, BAR_WIDTH_MAX],
    radius: 0.06,
    disp: { fill: { unit: 3, values: () => fills }, stroke: { unit: 3, values: () => fills } },
  });
  return { fill: text, width: 0, points: { show: false }, ...(paths === undefined ? {} : { paths }) };
}

/** From the least to the most of the rounds. */
function drawWhiskers(plot: UPlot, chart: Chart, colours: readonly string[], look: Look): void {
  const { ctx } = plot;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.lineWidth = 1.25 * ratio;
  chart.series.forEach(({ spread }, at) => {
    if (spread === null || plot.series[at + 1]?.show === false) return;
    ctx.strokeStyle = chart.kind === 'bars' ? look.strong : (colours[at] ?? look.text);
    ctx.beginPath();
    spread.forEach((each, i) => {
      if (each === null) return;
      const x = plot.valToPos(chart.x[i] ?? 0, 'x', true);
      const [low, high] = [plot.valToPos(each.min, 'y', true), plot.valToPos(each.max, 'y', true)];
      ctx.moveTo(x, low);
      ctx.lineTo(x, high);
      for (const end of [low, high]) {
        ctx.moveTo(x - WHISKER * ratio, end);
        ctx.lineTo(x + WHISKER * ratio, end);
      }
    });
    ctx.stroke();
  });
  ctx.restore();
}

function xText({ categories, x }: Chart, value: number | null): string {
  if (value === null) return '';
  if (categories !== null) return categories[x.indexOf(value)] ?? '';
  return value >= 10_000 ? short(value) : String(Number(value.toFixed(2)));
}

const UNITS = [
  { size: 1e9, name: 'G' },
  { size: 1e6, name: 'M' },
  { size: 1e3, name: 'k' },
];

function short(value: number): string {
  const unit = UNITS.find(({ size }) => Math.abs(value) >= size);
  return unit === undefined
    ? String(Number(value.toPrecision(3)))
    : `${Number((value / unit.size).toPrecision(3))}${unit.name}`;
}

function long(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(2);
}

function draw(): void {
  const look = readLook();
  const text = document.getElementById('charts')?.textContent ?? '[]';
  const charts = JSON.parse(text) as Chart[]; // this page's own
  document.querySelectorAll<HTMLElement>('[data-chart]').forEach((place) => {
    const chart = charts[Number(place.dataset['chart'])];
    if (chart === undefined) return;
    place.replaceChildren();
    const data = [[...chart.x], ...chart.series.map(({ values }) => [...values])] as UPlot.AlignedData;
    new uPlot(optionsOf(chart, look, place.clientWidth), data, place);
  });
}

let width = 0;
function drawWhereWidthChanged(): void {
  if (innerWidth === width) return;
  width = innerWidth;
  draw();
}

drawWhereWidthChanged();
addEventListener('resize', drawWhereWidthChanged);
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);
