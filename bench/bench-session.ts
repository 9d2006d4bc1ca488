/** `psmr bench` from its options to its table: what the command line runs. */
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { type BenchTerminal, Interruption } from './bench-terminal.js';
import type { Report } from './measure/report.js';
import { reportJson } from './measure/report-json.js';
import { renderLegend, renderReport } from './measure/report-table.js';
import type { BenchOptions } from './options/bench-options.js';
import type { Sweep } from './options/sweep.js';
import { sweepPage } from './report/sweep-page.js';
import { assertWritable } from './report/writable.js';
import { writePage } from './report/write-page.js';
import { runPoint } from './run-point.js';

const NEXT_STEPS = `
Try next:
  npx psmr bench --work-us 10 --cross 0.1       when a tenth of the commands touch two streams
  npx psmr bench                                light commands: what the engine itself costs
  npx psmr bench --feed clients                 with clients and replies, and how long each takes
  npx psmr bench --help                         workloads, techniques, options`;

/**
 * Runs a benchmark; writes the table to the terminal, the JSON and the page where the options say. Rejects with INVALID_ARGUMENT,
 * or what a contender failed of. An interruption stops all threads and removes temporary files first.
 */
export async function runBenchSession(sweep: Sweep, terminal: BenchTerminal): Promise<void> {
  const [options] = sweep.points;
  if (options === undefined) return;
  await assertWritable('--json', options.json);
  await assertWritable('--report', options.report);
  const interruption = new Interruption(terminal);
  try {
    const reports = await runPoints(sweep, terminal, interruption.arrived);
    const runs = reports.flatMap((report) => report.runs);
    if (options.json !== null) await writeFile(options.json, reportJson({ runs }));
    if (options.report !== null) await writePage(options.report, sweepPage(sweep, runs));
    terminal.result(resultText(options, reports));
  } finally {
    interruption.takeEffect();
  }
}

async function runPoints({ points }: Sweep, terminal: BenchTerminal, interrupted: Promise<never>): Promise<Report[]> {
  const reports: Report[] = [];
  for (const [at, point] of points.entries()) {
    const place = points.length === 1 ? '' : `${at + 1} of ${points.length}: `;
    terminal.progress(place + announce(point));
    reports.push(await runPoint(point, (line) => terminal.progress(line), interrupted));
  }
  return reports;
}

function resultText({ quick, json, report }: BenchOptions, reports: readonly Report[]): string {
  const tables = reports.map(({ runs }) => renderReport(runs)).join('\n\n');
  const written = [json, report].filter((file) => file !== null).map((file) => `\nwritten to ${file}`);
  return `${tables}\n\n${renderLegend(reports[0]?.runs ?? [])}${quick ? `\n${NEXT_STEPS}` : ''}${written.join('')}`;
}

function announce({ technique, durability, rounds, seconds }: BenchOptions): string {
  const runs = technique.length * durability.length;
  const total = Math.round(runs * rounds * seconds);
  const cores = availableParallelism();
  return `comparing ${technique.join(', ')} on ${cores} cores: ${rounds} rounds of ${seconds} s each, ${total} s and the preparation`;
}
