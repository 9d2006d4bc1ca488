import { messageOf, PsmrError } from '../../src/errors.js';
import { failoverRow, rejoinRow } from './fault-rows.js';
import { halfLoadRow, oneRow } from './latency-rows.js';
import { memoryFlatRow } from './memory-flat-row.js';
import type { ReplicationOptions } from './options.js';
import { etcdRow, memoryRow, readsRow, throughputRow } from './rate-rows.js';
import type { RowResult } from './report.js';
import { Resources } from './resources.js';
import type { Measured, Row, Skipped } from './row.js';

const ROWS: readonly Row[] = [
  throughputRow,
  memoryRow,
  etcdRow,
  halfLoadRow,
  oneRow,
  readsRow,
  failoverRow,
  rejoinRow,
  memoryFlatRow,
];

/** Runs the rows that were asked for, one after the other. Rejects with the first failure; everything is closed then. */
export async function runRows(
  options: ReplicationOptions,
  progress: (line: string) => void,
  interrupted: Promise<never> = new Promise(() => undefined),
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  for (const row of ROWS.filter(({ name }) => options.only.includes(name))) {
    progress(`${row.name}: starting`);
    results.push({ row, result: await runRow(row, options, progress, interrupted) });
  }
  return results;
}

async function runRow(
  row: Row,
  options: ReplicationOptions,
  progress: (line: string) => void,
  interrupted: Promise<never>,
): Promise<Measured | Skipped> {
  const resources = new Resources(options.data);
  const tell = (line: string): void => progress(`${row.name}: ${line}`);
  const running = row.run({ options, resources, progress: tell });
  // After an interruption it fails of what is closed under it.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, interrupted]);
  } catch (error) {
    if (!isMissing(error)) throw error;
    tell(`skipped: ${messageOf(error)}`);
    return { skipped: messageOf(error) };
  } finally {
    await resources.close();
  }
}

/** A program that is not installed. */
function isMissing(error: unknown): error is PsmrError {
  return error instanceof PsmrError && error.code === 'NOT_SUPPORTED';
}
