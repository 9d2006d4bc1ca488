import type { RunReport } from '../measure/report.js';
import type { SweepAxis } from '../options/sweep.js';
import type { Chart } from './chart.js';
import type { Machine } from './machine.js';

/** What a report page shows, from top to bottom. */
export interface Page {
  readonly title: string;
  /** A sentence on what was measured. */
  readonly summary: string;
  readonly machine: Machine;
  /** What was typed, to be typed again. */
  readonly command: string;
  readonly written: Date;
  readonly sections: readonly Section[];
}

/** Runs that belong together, and their plots. */
export interface Section {
  readonly title: string;
  readonly notes: readonly string[];
  /** Each makes a part of the section's runs. */
  readonly commands: readonly string[];
  /** What the runs differ in besides their technique. */
  readonly axis: SweepAxis | null;
  readonly runs: readonly RunReport[];
  readonly charts: readonly Chart[];
  /** A table besides that of the runs. */
  readonly table: PageTable | null;
}

export interface PageTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Its cells are sentences, not figures. */
  readonly prose?: true;
}
