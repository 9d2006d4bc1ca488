import type { LogStore } from '../../storage/log-store.js';
import { termOfRecord } from './raft-record.js';

/**
 * Makes the store fit the checkpoint to start from: where it does not hold the entry that the checkpoint ends with, all
 * of it is older than the checkpoint or another history, and it begins anew behind it.
 */
export async function prepareStore(
  store: LogStore,
  start: { readonly index: number; readonly term: number },
): Promise<void> {
  if (start.index === 0 || store.firstIndex === start.index + 1) return;
  const holds = start.index >= store.firstIndex && start.index <= store.lastIndex;
  const [record] = holds ? store.read(start.index, 1) : [];
  if (record !== undefined && termOfRecord(record.index, record.bytes) === start.term) return;
  await store.restartAt(start.index + 1);
}
