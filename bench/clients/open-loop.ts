import { LatencyRecorder } from '../measure/latency-recorder.js';
import type { Sample } from '../techniques/technique.js';
import type { ResultCheck } from '../workloads/workload.js';
import { type BatchClient, checkOutcomes } from './batch-client.js';
import type { BatchCycle } from './batch-cycle.js';
import type { LoadClock } from './load-clock.js';

export interface OpenLoop {
  readonly clients: readonly BatchClient[];
  readonly batches: BatchCycle;
  readonly check: ResultCheck;
  /** Commands per batch. */
  readonly batch: number;
  /** Commands per second, over all clients. */
  readonly rate: number;
  /** Batches in flight over all clients, at most: memory stays bounded when the engine falls behind. */
  readonly batchesInFlightMax: number;
}

/**
 * Sends batches at a fixed rate, whatever the replies do. A latency counts from the time at which its batch was due, not
 * from when it was sent: a stall delays the batches behind it, and that delay is the clients' to bear (coordinated
 * omission). Ends when every batch that was due is answered. Rejects with the first error.
 */
export async function runOpenLoop(load: OpenLoop, seconds: number, clock: LoadClock): Promise<Sample> {
  const latencies = new LatencyRecorder();
  const intervalMs = (load.batch / load.rate) * 1000;
  const start = clock.nowMs();
  const due = (number: number): number => start + number * intervalMs;
  const flying = new Set<Promise<void>>();
  let commands = 0;

  async function send(number: number): Promise<void> {
    const batch = load.batches.next();
    const client = load.clients[number % load.clients.length];
    checkOutcomes(batch, (await client?.executeBatch(batch)) ?? [], load.check);
    latencies.record((clock.nowMs() - due(number)) * 1000, batch.length);
    commands += batch.length;
  }

  for (let number = 0; due(number) < start + seconds * 1000; number++) {
    while (clock.nowMs() < due(number)) await clock.until(due(number));
    if (flying.size >= load.batchesInFlightMax) await Promise.race(flying);
    const sent: Promise<void> = send(number);
    flying.add(sent);
    // A rejection stays in the set: the next race or the end reports it.
    void sent.then(
      () => flying.delete(sent),
      () => undefined,
    );
  }
  await Promise.all(flying);
  return { commands, seconds: (clock.nowMs() - start) / 1000, latencies };
}
