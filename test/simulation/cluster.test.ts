/**
 * Replicas over logs whose leaders change, whose tails are lost, and that are cut off from power, with clients that
 * retry within their sessions. PSMR_SEED=n replays one seed, PSMR_SEEDS says how many are tried.
 */
import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { seededRandom } from '../seeded-random.js';
import { randomCommand } from './list-service.js';
import { SimulatedCluster } from './simulated-cluster.js';

const SEEDS = Number(process.env['PSMR_SEEDS'] ?? 100);
const STEPS_MAX = 100_000;

async function simulate(seed: number): Promise<SimulatedCluster> {
  const random = seededRandom(seed);
  const streams = 1 + Math.floor(random() * 4);
  const map = createPartitionMap({ streams, partitioning: {} });
  const keys = Array.from({ length: 2 + Math.floor(random() * 8) }, (_, at) => `k${at}`);
  const cluster = new SimulatedCluster(map, random, random() < 0.7 ? 3 : 5, 1 + Math.floor(random() * 3));
  const total = 20 + Math.floor(random() * 60);
  const calmAt = 2000 + Math.floor(random() * 8000);
  const pace = (1.2 * total) / calmAt / 3;
  let sent = 0;
  for (
    let steps = 0;
    !cluster.calm() || sent < total || !cluster.history.allAnswered || !settled(cluster, steps);
    steps++
  ) {
    if (steps === calmAt) await cluster.calmDown();
    if (steps > STEPS_MAX)
      throw new Error(`stuck with ${cluster.history.outcomes.size} answers:\n${cluster.describe()}`);
    if (sent < total && random() < pace) {
      const size = Math.min(total - sent, 1 + Math.floor(random() * 5));
      const batch = Array.from(
        { length: size },
        (_, at) => [sent + at, randomCommand(random, keys, sent + at)] as const,
      );
      cluster.send(Math.floor(random() * cluster.clients.length), batch);
      sent += size;
    }
    await cluster.step();
  }
  cluster.check();
  return cluster;
}

/** Looking is dear, and nothing is missed by looking seldom. */
function settled(cluster: SimulatedCluster, steps: number): boolean {
  return steps % 64 === 0 && cluster.drained;
}

const only = process.env['PSMR_SEED'];

describe('replicas over logs whose leaders change', () => {
  it(`execute one order, each command once, for ${only === undefined ? `seeds 0 to ${SEEDS - 1}` : `seed ${only}`}`, async () => {
    const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(only)];
    const sums = { elections: 0, crashes: 0, checkpoints: 0, refusedCheckpoints: 0, lostEntries: 0, givenUp: 0 };
    for (const seed of seeds) {
      try {
        const { counts } = await simulate(seed);
        for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += counts[name];
      } catch (error) {
        throw new Error(`seed ${seed} (replay: PSMR_SEED=${seed} npx vitest run test/simulation/cluster.test.ts)`, {
          cause: error,
        });
      }
    }
    // What never happened was not tested.
    if (seeds.length > 20) for (const [name, sum] of Object.entries(sums)) expect(sum, name).toBeGreaterThan(0);
  });
});
