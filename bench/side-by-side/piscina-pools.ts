import { fileURLToPath } from 'node:url';
import { Piscina } from 'piscina';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { LoadClient } from '../clients/batch-client.js';
import { STREAMS } from '../peers/kv-load.js';
import { done, setOf } from '../peers/kv-sets.js';
import type { BenchCommand } from '../workloads/workload.js';

const WORKER = fileURLToPath(new URL('./map-worker.js', import.meta.url));

/**
 * As many threads as psmr has streams, each with its part of the keys: threads of one pool could not share a Map. `tasksMax`:
 * a thread is given so many before the first is done, which helps where tasks are small.
 */
export function piscinaPools(tasksMax: number): LoadClient[] {
  return Array.from({ length: STREAMS }, () => {
    const pool = new Piscina({
      ...{ filename: WORKER, minThreads: 1, maxThreads: 1, idleTimeout: Infinity },
      concurrentTasksPerWorker: tasksMax,
    });
    return {
      executeBatch: async (commands) => {
        await pool.run(commands.map(setOf));
        return done(commands);
      },
      close: () => pool.destroy(),
    };
  });
}

/** The commands of each pool. */
export function dividedByPool(commands: readonly BenchCommand[]): BenchCommand[][] {
  const map = createPartitionMap({ streams: STREAMS });
  return Array.from({ length: STREAMS }, (_, at) =>
    commands.filter((command) => map.streamOf(setOf(command).key) === at + 1),
  );
}
