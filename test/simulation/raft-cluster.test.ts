/**
 * Whole clusters in one thread: real Raft groups, nodes, sessions and checkpoints over disks that lose power, networks
 * that lose messages, threads that pause and clocks that jump. `npm run simulate -- --seeds 1000` tries more seeds,
 * `npm run simulate -- --seed n` replays one.
 */
import { describe, expect, it, vi } from 'vitest';
import type { RaftCluster } from './raft-cluster.js';
import { runCluster } from './raft-cluster-run.js';

const SEEDS = Number(process.env['PSMR_SEEDS'] ?? 200);
const FIRST = Number(process.env['PSMR_FIRST_SEED'] ?? 0);
/** After a failure, too; and say how often what has happened. */
const GO_ON = process.env['PSMR_GO_ON'] === '1';
const seeds = Array.from({ length: SEEDS }, (_, at) => FIRST + at);

describe('replicas, each group a Raft group', () => {
  it(
    `execute one order, each command once, for seeds ${FIRST} to ${FIRST + SEEDS - 1}`,
    // Whoever lets it go on waits for it.
    { timeout: GO_ON ? 0 : 60_000 + 2000 * SEEDS },
    async () => {
      const sums: Record<string, number> = {};
      const failed: string[] = [];
      for (const seed of seeds) {
        try {
          const { counts }: RaftCluster = await runCluster(seed);
          for (const [name, count] of Object.entries(counts)) sums[name] = (sums[name] ?? 0) + count;
        } catch (error) {
          failed.push(`seed ${seed} (replay: npm run simulate -- --seed ${seed})\n${(error as Error).stack ?? ''}`);
          if (!GO_ON) break;
        }
      }
      if (GO_ON) process.stderr.write(`${JSON.stringify(sums)}\n`);
      expect(failed.join('\n\n')).toBe('');
      // What never happened was not tested.
      if (SEEDS > 20) for (const [name, sum] of Object.entries(sums)) expect(sum, name).toBeGreaterThan(0);
    },
  );

  it('happens the same way twice, from one seed, however long it takes', async () => {
    for (const seed of seeds.slice(0, 5)) {
      const once = await runCluster(seed);
      // As on a machine that stands still for a millisecond between any two instructions.
      let slowMs = 0;
      const clock = vi.spyOn(performance, 'now').mockImplementation(() => slowMs++);
      const again = await runCluster(seed).finally(() => clock.mockRestore());
      expect(again.describe()).toBe(once.describe());
      expect([...again.history.outcomes]).toEqual([...once.history.outcomes]);
    }
  });
});
