import { describe, it } from 'vitest';
import { Faults } from './faults.js';
import { checkProgress } from './properties/progress.js';
import { SimulatedCluster } from './simulated-cluster.js';

const SEEDS = Number(process.env['RAFT_SEEDS'] ?? 600);
const ONLY = process.env['RAFT_SEED'];

function simulate(seed: number): void {
  // One in six clusters has one voter (and may grow), the others three or five; one in three uses leases, which
  // count on clocks that do not run ahead.
  const voters = [1, 3, 3, 3, 5, 5][seed % 6] ?? 3;
  const leases = seed % 3 === 1;
  const cluster = new SimulatedCluster(seed, voters, seed % 12 === 0 ? 1 : Math.min(6, voters + 2), leases);
  const faults = new Faults(cluster, leases);
  cluster.time.runUntil(2_500);
  faults.heal();
  checkProgress(cluster);
}

describe('Raft groups under faults keep every property', () => {
  const seeds = ONLY === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(ONLY)];
  it(`for ${ONLY === undefined ? `seeds 0 to ${SEEDS - 1}` : `seed ${ONLY}`}`, { timeout: 600_000 }, () => {
    const failures: string[] = [];
    for (const seed of seeds) {
      try {
        simulate(seed);
      } catch (error) {
        if (ONLY !== undefined) throw error;
        failures.push(`RAFT_SEED=${seed}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    if (failures.length > 0)
      throw new Error(`${failures.length} of ${seeds.length} failed.\n${failures.slice(0, 20).join('\n')}`);
  });
});
