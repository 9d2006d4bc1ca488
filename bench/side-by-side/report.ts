import Table from 'cli-table3';
import { thisMachine } from '../report/machine.js';
import { commandOf, type PeersOptions } from './options.js';
import type { RowResult } from './row.js';
import { CLASSES, type RowClass } from './row-names.js';
import { conditionsOf, endings, FIGURE_HEAD, figureCells, NOTES } from './texts.js';

/** The classes that were measured, each with its rows. */
export function byClass(results: readonly RowResult[]): { name: RowClass; rows: RowResult[] }[] {
  const names = [...new Set(results.map(({ row }) => row.class))];
  return names.map((name) => ({ name, rows: results.filter(({ row }) => row.class === name) }));
}

/** For people: a table per class, what each row is and promises, how to install what is missing. */
export function peersText(results: readonly RowResult[], options: PeersOptions, install: string | null): string {
  const parts = byClass(results).map(({ name, rows }) => {
    const { title, lost } = CLASSES[name];
    return `${title}. ${lost}\n${table(rows)}\n${[...rows.map(explained), ...endings(rows)].join('\n')}\n`;
  });
  const missing = install === null ? [] : [`Some programs are missing; this installs them: ${install}`];
  return [...parts, `${conditionsOf(options)}.`, ...NOTES, ...missing, ''].join('\n');
}

function table(rows: readonly RowResult[]): string {
  const made = new Table({
    head: FIGURE_HEAD,
    colAligns: ['left', ...FIGURE_HEAD.slice(1).map(() => 'right' as const)],
    style: { head: [], border: [] },
  });
  for (const each of rows) made.push(figureCells(each));
  return made.toString();
}

function explained({ row }: RowResult): string {
  const { replicated, onDisk, linearizable, roundTrip } = row.promises;
  const promised = [
    `replicated: ${replicated}`,
    `on disk before the answer: ${onDisk}`,
    `linearizable: ${linearizable}`,
    `commands per round trip: ${roundTrip}`,
    `load: ${row.load}`,
  ];
  return [`  ${row.name}: ${row.what}`, `    ${promised.join('; ')}`].join('\n');
}

/** For programs. */
export function peersJson(results: readonly RowResult[], options: PeersOptions, install: string | null): string {
  const rows = results.map(({ row, result }) => {
    const { name, what, load, promises, programs } = row;
    return { name, class: row.class, what, load, promises, programs, ...result };
  });
  const command = commandOf(options);
  return `${JSON.stringify({ command, machine: thisMachine(), options, install, rows }, null, 2)}\n`;
}
