import { availableParallelism } from 'node:os';
import type { Spread } from '../measure/spread.js';
import type { ReplicationOptions } from './options.js';
import type { Result, Row } from './row.js';
import { figureText } from '../measure/turns.js';

export interface RowResult {
  readonly row: Row;
  readonly result: Result;
}

/** For people: a paragraph per row. */
export function replicationText(results: readonly RowResult[]): string {
  return results.map(({ row, result }) => `${paragraph(row, result).join('\n')}\n`).join('\n');
}

function paragraph(row: Row, result: Result): string[] {
  const head = `${row.name}: ${row.what}`;
  if ('skipped' in result) return [head, `  skipped: ${result.skipped}`];
  if ('failed' in result) return [head, `  failed: ${result.failed}`];
  const asked = `bar ${withUnit(figureText(row.bar), row.unit)}, aim ${withUnit(figureText(row.aim), row.unit)}`;
  return [
    head,
    `  ${withUnit(spreadText(result.figure), row.unit)}: ${verdictOf(row, result.figure)} (${asked})`,
    ...result.details.map(({ what, unit, spread }) => `    ${what.padEnd(20)} ${withUnit(spreadText(spread), unit)}`),
  ];
}

/** For programs. */
export function replicationJson(results: readonly RowResult[], options: ReplicationOptions): string {
  const machine = { cores: availableParallelism(), node: process.version, platform: process.platform };
  const rows = results.map(({ row, result }) => {
    const { name, what, unit, better, bar, aim } = row;
    const verdict = 'figure' in result ? { verdict: verdictOf(row, result.figure) } : {};
    return { name, what, unit, better, bar, aim, ...result, ...verdict };
  });
  return `${JSON.stringify({ machine, options, rows }, null, 2)}\n`;
}

/** By the median. */
function verdictOf({ better, bar, aim }: Row, { median }: Spread): 'aim met' | 'bar met' | 'missed' {
  const reached = (asked: number): boolean => (better === 'more' ? median >= asked : median <= asked);
  if (reached(aim)) return 'aim met';
  return reached(bar) ? 'bar met' : 'missed';
}

function spreadText({ median, min, max }: Spread): string {
  return `${figureText(median)} (${figureText(min)} - ${figureText(max)})`;
}

function withUnit(text: string, unit: string): string {
  return unit === '' ? text : `${text} ${unit}`;
}
