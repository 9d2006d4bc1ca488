import type { BenchCommand } from '../workloads/workload.js';
import { type BatchClient, checkOutcomes } from './batch-client.js';

const BATCH = 500;
const BATCHES_IN_FLIGHT = 8;

/** Sends commands as fast as they are answered, once. Rejects with the first error. */
export async function fillState(client: BatchClient, commands: Iterable<BenchCommand>): Promise<void> {
  const batches = inBatches(commands);
  async function lane(): Promise<void> {
    for (const batch of batches) checkOutcomes(batch, await client.executeBatch(batch), () => null);
  }
  await Promise.all(Array.from({ length: BATCHES_IN_FLIGHT }, lane));
}

/** Lanes share one iterator: each batch goes to whoever asks next. */
function inBatches(commands: Iterable<BenchCommand>): Iterable<readonly BenchCommand[]> {
  const source = batchesOf(commands);
  return { [Symbol.iterator]: () => ({ next: () => source.next() }) };
}

function* batchesOf(commands: Iterable<BenchCommand>): Generator<readonly BenchCommand[]> {
  let batch: BenchCommand[] = [];
  for (const command of commands) {
    if (batch.push(command) < BATCH) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
