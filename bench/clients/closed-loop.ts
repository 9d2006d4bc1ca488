import { LatencyRecorder } from '../measure/latency-recorder.js';
import type { Sample } from '../techniques/technique.js';
import type { ResultCheck } from '../workloads/workload.js';
import { type BatchClient, checkOutcomes } from './batch-client.js';
import type { BatchCycle } from './batch-cycle.js';
import type { LoadClock } from './load-clock.js';

export interface ClosedLoop {
  readonly clients: readonly BatchClient[];
  readonly batches: BatchCycle;
  readonly check: ResultCheck;
  /** Batches that each client keeps in flight. */
  readonly batchesInFlight: number;
}

/**
 * Every client sends the next batch when one is answered. Ends when the time is over and the last answer has come; the
 * time until then counts. Rejects with the first error.
 */
export async function runClosedLoop(load: ClosedLoop, seconds: number, clock: LoadClock): Promise<Sample> {
  const latencies = new LatencyRecorder();
  const start = clock.nowMs();
  const end = start + seconds * 1000;
  let commands = 0;

  async function lane(client: BatchClient): Promise<void> {
    for (let now = clock.nowMs(); now < end;) {
      const batch = load.batches.next();
      checkOutcomes(batch, await client.executeBatch(batch), load.check);
      const answered = clock.nowMs();
      latencies.record((answered - now) * 1000, batch.length);
      commands += batch.length;
      now = answered;
    }
  }

  const lanes = load.clients.flatMap((client) => Array.from({ length: load.batchesInFlight }, () => lane(client)));
  await Promise.all(lanes);
  return { commands, seconds: (clock.nowMs() - start) / 1000, latencies };
}
