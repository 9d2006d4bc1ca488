/** A report for people: a table, and under it the sentence that says what it means. */
import Table from 'cli-table3';
import { TECHNIQUE_NOTES } from '../techniques/technique.js';
import { labelOf } from '../techniques/variant.js';
import type { RunReport } from './report.js';

export function renderReport(runs: readonly RunReport[]): string {
  const [first] = runs;
  if (first === undefined) return '';
  const withLatency = runs.some(({ latencyUs }) => latencyUs !== null);
  const table = new Table({
    head: [
      ...['technique', 'workers', 'commands/s', 'min - max', `ratio to ${labelOf(first)}`],
      ...(withLatency ? ['p50 us', 'p90', 'p99', 'p99.9', 'max'] : []),
    ],
    colAligns: ['left', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const run of runs) table.push([...throughputCells(run), ...(withLatency ? latencyCells(run) : [])]);
  return `${table.toString()}\n${explain(runs)}`;
}

/** What each technique of the table is, a line each. */
export function renderLegend(runs: readonly RunReport[]): string {
  const techniques = [...new Set(runs.map(({ technique }) => technique))];
  return techniques.map((name) => `  ${name.padEnd(12)}${TECHNIQUE_NOTES[name]}`).join('\n');
}

function throughputCells(run: RunReport): string[] {
  const { median, min, max } = run.commandsPerSecond;
  return [
    labelOf(run),
    String(run.streams),
    whole(median),
    `${whole(min)} - ${whole(max)}`,
    `${run.ratioToFirst.toFixed(2)}x`,
  ];
}

function latencyCells({ latencyUs }: RunReport): string[] {
  if (latencyUs === null) return ['', '', '', '', ''];
  const { p50, p90, p99, p999, max } = latencyUs;
  return [p50, p90, p99, p999, max].map(whole);
}

/** `p-smr executes 1.95 times as many commands per second as smr: ...` */
function explain(runs: readonly RunReport[]): string {
  const first = runs[0];
  const last = runs.at(-1);
  if (first === undefined || last === undefined) return '';
  const conditions = `median of ${first.rounds} ${first.rounds === 1 ? 'round' : 'rounds'} of ${first.seconds} s, ${describe(last)}.`;
  const rate = `${labelOf(last)} executes ${whole(last.commandsPerSecond.median)} commands per second`;
  if (runs.length === 1) return `${rate}: ${conditions}`;
  return `${rate}, ${last.ratioToFirst.toFixed(2)} times what ${labelOf(first)} does: ${conditions}`;
}

function describe({ workload, mix, streams, workUs, cross, zipf, feed, clients, rate, batch }: RunReport): string {
  const parts = [
    mix === null ? `workload ${workload}` : `workload ${workload} mix ${mix}`,
    `${streams} ${streams === 1 ? 'stream' : 'streams'}`,
    workUs > 0 ? `${workUs} us of work per command` : 'light commands',
    workload === 'blocks' ? null : `${Number((cross * 100).toFixed(2))}% ${shareOf(workload)}cross-stream`,
    zipf > 0 ? `zipf ${zipf}` : null,
    feed === 'log'
      ? 'fed from logs in memory'
      : `${clients ?? 0} clients sending ${rate === null ? `batches of ${batch}` : `${whole(rate)} commands/s`}`,
  ];
  return parts.filter((part) => part !== null).join(', ');
}

function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** Of which commands a share is one, where not of all. */
function shareOf(workload: string): string {
  if (workload === 'bank' || workload === 'ledger') return 'of transfers ';
  return workload === 'config' ? 'of updates ' : '';
}
