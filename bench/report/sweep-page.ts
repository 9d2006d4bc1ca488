/** The page of `psmr bench --report`. */
import type { RunReport } from '../measure/report.js';
import { commandLineOf } from '../options/command-line.js';
import type { Sweep } from '../options/sweep.js';
import { type TechniqueName, TECHNIQUE_NOTES } from '../techniques/technique.js';
import { thisMachine } from './machine.js';
import type { Page, Section } from './page.js';
import { chartsOf } from './run-charts.js';

export function sweepPage(sweep: Sweep, runs: readonly RunReport[]): Page {
  const command = commandLineOf(sweep);
  const section = sectionOf('Runs', [legend(runs)], sweep, runs);
  const summary = roundsText(runs[0]?.rounds ?? 0, runs[0]?.seconds ?? 0);
  const sections = [{ ...section, commands: [] }];
  return { title: 'psmr benchmark', summary, machine: thisMachine(), command, written: new Date(), sections };
}

/** What the figures of a page are. */
export function roundsText(rounds: number, seconds: number): string {
  if (rounds === 1) return `One round of ${seconds} s for each technique.`;
  return `Medians of ${rounds} rounds of ${seconds} s, in which the techniques took turns; whiskers go from the slowest round to the fastest.`;
}

export function sectionOf(title: string, notes: readonly string[], sweep: Sweep, runs: readonly RunReport[]): Section {
  const { axis } = sweep;
  return { title, notes, commands: [commandLineOf(sweep)], axis, runs, charts: chartsOf(runs, axis), table: null };
}

/** What each technique is. */
function legend(runs: readonly RunReport[]): string {
  const techniques = [...new Set(runs.map((run): TechniqueName => run.technique))];
  return `${techniques.map((name) => `${name}: ${TECHNIQUE_NOTES[name]}`).join('. ')}.`;
}
