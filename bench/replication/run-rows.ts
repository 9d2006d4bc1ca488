import { PsmrError } from '../../src/errors.js';
import { failoverRow, rejoinRow } from './fault-rows.js';
import { halfLoadRow, oneRow } from './latency-rows.js';
import { memoryFlatRow } from './memory-flat-row.js';
import type { ReplicationOptions } from './options.js';
import { etcdRow, memoryRow, readsRow, throughputRow } from './rate-rows.js';
import type { RowResult } from './report.js';
import { Peers } from './peers.js';
import { Resources } from './resources.js';
import type { Measured, Row, Setting, Skipped } from './row.js';

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
  const shared = new Resources(options.data);
  const peers = new Peers(options, shared);
  const results: RowResult[] = [];
  try {
    for (const row of ROWS.filter(({ name }) => options.only.includes(name))) {
      const tell = (line: string): void => progress(`${row.name}: ${line}`);
      const resources = new Resources(options.data);
      tell('starting');
      results.push({ row, result: await runRow(row, { options, peers, resources, progress: tell }, interrupted) });
    }
  } finally {
    await shared.close();
  }
  return results;
}

async function runRow(row: Row, setting: Setting, interrupted: Promise<never>): Promise<Measured | Skipped> {
  const running = row.run(setting);
  // After an interruption it fails of what is closed under it.
  running.catch(() => undefined);
  try {
    return await Promise.race([running, interrupted]);
  } catch (error) {
    if (!isMissing(error)) throw error;
    setting.progress(`skipped: ${error.message}`);
    return { skipped: error.message };
  } finally {
    await setting.resources.close();
  }
}

/** A program that is not installed. */
function isMissing(error: unknown): error is PsmrError {
  return error instanceof PsmrError && error.code === 'NOT_SUPPORTED';
}
