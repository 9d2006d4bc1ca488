/** Three replicas, each a process of its own, as their clients see them among faults: linearizable, and complete. */
import { describe, it } from 'vitest';
import { cuts, delays, isolations, kills, pauses } from './replica-faults.js';
import { runAmongFaults, type RunPlan } from './replicated-run.js';

const { env } = process;
const SEED = Number(env['NEMESIS_SEED'] ?? env['FAST_CHECK_SEED']);
const SEEDS = Number(env['NEMESIS_SEEDS'] ?? 1);
const SECONDS = Number(env['NEMESIS_SECONDS'] ?? 4);
const TEST = { timeout: SECONDS * 1000 + 120_000 };

const OF_PROCESSES = [kills, pauses];
const OF_LINKS = [delays, cuts, isolations];

/** Seeds take turns. */
function planOf(seed: number): RunPlan {
  const reads = seed % 2 === 0 ? 'index' : 'lease';
  const faults = seed % 4 < 2 ? [OF_PROCESSES, OF_LINKS] : [[...OF_PROCESSES, ...OF_LINKS]];
  const checkpoints = seed % 8 < 4;
  return { seed, seconds: SECONDS, reads, faults, checkpoints, directory: env['NEMESIS_HISTORY'] ?? null };
}

function describePlan({ seed, reads, faults, checkpoints }: RunPlan): string {
  const order = faults.length > 1 ? 'at the same time' : 'one after another';
  return `NEMESIS_SEED=${seed}, reads by ${reads}, faults ${order}${checkpoints ? ', checkpoints' : ''}`;
}

describe(`what clients of three replicas see while processes and links fail (${SECONDS} s of faults)`, () => {
  it.each(Array.from({ length: SEEDS }, (_, nth) => planOf(SEED + nth)).map((plan) => [describePlan(plan), plan]))(
    'is linearizable: %s',
    TEST,
    (_, plan) => runAmongFaults(plan),
  );
});
