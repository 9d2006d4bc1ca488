/** The page of `bench:peers --report`. */
import type { Chart } from '../report/chart.js';
import { thisMachine } from '../report/machine.js';
import type { Page, Section } from '../report/page.js';
import type { Spread } from '../measure/spread.js';
import { commandOf, type PeersOptions } from './options.js';
import { byClass } from './report.js';
import { CLASSES, type RowClass } from './row-names.js';
import type { Measured, RowResult } from './row.js';
import { conditionsOf, endings, FIGURE_HEAD, figureCells, NOTES, PROMISE_HEAD, promiseCells } from './texts.js';

/** Of the page's palette, by the first word of a row's name. */
const COLOURS: Readonly<Record<string, number>> = { psmr: 2, redis: 3, etcd: 4, nats: 5, map: 1, piscina: 6 };

export function peersPage(results: readonly RowResult[], options: PeersOptions, install: string | null): Page {
  const sections = byClass(results).map(({ name, rows }) => classSection(name, rows));
  const missing = install === null ? [] : [`Some programs are missing; this installs them: ${install}`];
  const promises = {
    ...section('What each figure promises', [...NOTES, ...missing]),
    table: { head: PROMISE_HEAD, rows: results.map(promiseCells), prose: true as const },
  };
  return {
    ...{
      title: 'psmr side by side with others',
      summary: `${conditionsOf(options)}; whiskers go from the slowest round to the fastest.`,
    },
    ...{ machine: thisMachine(), command: commandOf(options), written: new Date() },
    sections: [...sections, promises],
  };
}

/** One bar says nothing. */
const CHART_ROWS_MIN = 2;

function classSection(name: RowClass, rows: readonly RowResult[]): Section {
  const { title, lost } = CLASSES[name];
  const measured = rows.flatMap(({ row, result }) =>
    'commandsPerSecond' in result ? [{ name: row.name, result }] : [],
  );
  const late = measured.filter(({ result }) => result.p99Ms !== null);
  const charts = [
    ...(measured.length < CHART_ROWS_MIN
      ? []
      : [bars('Throughput', 'commands per second', measured, (each) => each.commandsPerSecond)]),
    ...(late.length < CHART_ROWS_MIN ? [] : [bars('Latency, 99th percentile', 'ms', late, (each) => each.p99Ms)]),
  ];
  return {
    ...section(title, [lost, ...endings(rows)]),
    charts,
    table: { head: FIGURE_HEAD, rows: rows.map(figureCells) },
  };
}

function section(title: string, notes: readonly string[]): Section {
  return { title, notes, commands: [], axis: null, runs: [], charts: [], table: null };
}

function bars(
  title: string,
  yLabel: string,
  rows: readonly { readonly name: string; readonly result: Measured }[],
  figureOf: (result: Measured) => Spread | null,
): Chart {
  const figures = rows.map(({ result }) => figureOf(result));
  return {
    ...{ title, kind: 'bars', xLabel: '', yLabel, xScale: 'linear', yScale: 'linear', prediction: false },
    x: rows.map((_row, at) => at),
    categories: rows.map(({ name }) => name.replaceAll('-', '-\n')),
    series: [
      {
        ...{ label: 'median, min - max', colour: 1, style: 'solid' },
        values: figures.map((figure) => figure?.median ?? null),
        spread: figures,
        barColours: rows.map(({ name }) => COLOURS[name.split('-')[0] ?? ''] ?? 1),
      },
    ],
  };
}
