import { parseBenchOptions } from '../options/bench-options.js';
import type { Forecast } from './model-section.js';
import { profileRun } from './profile-run.js';

const STREAMS = [1, 2, 4, 8, 16, 32, 64];
const STREAMS_QUICK = [1, 4];
const WORKLOADS = [
  { cross: 0, zipf: 0 },
  { cross: 0.01, zipf: 0 },
  { cross: 0.1, zipf: 0 },
  { cross: 0.5, zipf: 0 },
  { cross: 0, zipf: 0.99 },
];
const WORKS_US = [0, 20];
const COMMANDS = 40_000;
const COMMANDS_QUICK = 400;

/** What the curves of the model are drawn from. */
export async function forecasts(quick: boolean): Promise<Forecast[]> {
  const made: Forecast[] = [];
  for (const workUs of WORKS_US) {
    for (const workload of WORKLOADS) {
      const options = parseBenchOptions({ ...workload, workUs, keys: 20_000 });
      const profiles = [];
      for (const streams of quick ? STREAMS_QUICK : STREAMS)
        profiles.push(await profileRun({ ...options, streams }, quick ? COMMANDS_QUICK : COMMANDS));
      made.push({ options, profiles });
    }
  }
  return made;
}
