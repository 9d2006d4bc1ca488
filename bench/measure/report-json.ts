import type { Report, RunReport } from './report.js';

/** What `--json` writes: the conditions and the result of each run, in the order of the table. */
export function reportJson({ runs }: Report): string {
  return `${JSON.stringify({ runs: runs.map(runJson) }, null, 2)}\n`;
}

function runJson(run: RunReport): object {
  const { technique, workload, streams, cross, workUs, zipf, feed, clients, batch, rate, durability, rounds } = run;
  const { commandsPerSecond, latencyUs, ratioToFirst } = run;
  const conditions = { technique, workload, streams, cross, workUs, zipf, feed, clients, batch, durability, rounds };
  return { ...conditions, ...(rate === null ? {} : { rate }), commandsPerSecond, latencyUs, ratioToFirst };
}
