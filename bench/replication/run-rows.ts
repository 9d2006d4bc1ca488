import { messageOf, PsmrError } from '../../src/errors.js';
import { failoverRow, rejoinRow } from './fault-rows.js';
import { halfLoadRow, oneRow } from './latency-rows.js';
import { memoryFlatRow } from './memory-flat-row.js';
import type { ReplicationOptions } from './options.js';
import { etcdRow, memoryRow, readsRow, throughputRow } from './rate-rows.js';
import type { RowResult } from './report.js';
import { Peers } from './peers.js';
import { Resources } from '../peers/resources.js';
import type { Result, Row, Setting } from './row.js';

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

/** Runs the rows that were asked for, one after the other. Rejects when `interrupted` does; everything is closed then. */
export async function runRows(
  options: ReplicationOptions,
  progress: (line: string) => void,
  interrupted: Promise<never> = new Promise(() => undefined),
): Promise<RowResult[]> {
  const results: RowResult[] = [];
  let shared = new Resources(options.data);
  let peers = new Peers(options, shared);
  try {
    for (const row of ROWS.filter(({ name }) => options.only.includes(name))) {
      const tell = (line: string): void => progress(`${row.name}: ${line}`);
      const setting = { options, peers, resources: new Resources(options.data), progress: tell };
      tell('starting');
      const result = await Promise.race([runRow(row, setting), interrupted]).finally(() => close(setting));
      results.push({ row, result });
      if (!('failed' in result)) continue;
      // The others get a new start.
      await close({ resources: shared, progress });
      shared = new Resources(options.data);
      peers = new Peers(options, shared);
    }
  } finally {
    await close({ resources: shared, progress });
  }
  return results;
}

/** What fails of closing has failed before, and was told. */
async function close({ resources, progress }: Pick<Setting, 'resources' | 'progress'>): Promise<void> {
  await resources.close().catch((error: unknown) => progress(`while closing: ${messageOf(error)}`));
}

/** Never rejects: one row's failure must not cost the others' figures. */
async function runRow(row: Row, setting: Setting): Promise<Result> {
  try {
    return await row.run(setting);
  } catch (error) {
    const told = error instanceof PsmrError ? `${error.code}: ${error.message}` : messageOf(error);
    const result = isMissing(error) ? { skipped: messageOf(error) } : { failed: told };
    setting.progress('skipped' in result ? `skipped: ${result.skipped}` : `failed: ${result.failed}`);
    return result;
  }
}

/** A program that is not installed. */
function isMissing(error: unknown): boolean {
  return error instanceof PsmrError && error.code === 'NOT_SUPPORTED';
}
