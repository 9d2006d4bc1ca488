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
const KINDS: readonly Pick<RunPlan, 'reads' | 'faults'>[] = [
  { reads: 'index', faults: [OF_PROCESSES, OF_LINKS] },
  { reads: 'lease', faults: [OF_PROCESSES, OF_LINKS] },
  { reads: 'index', faults: [[...OF_PROCESSES, ...OF_LINKS]] },
  { reads: 'lease', faults: [[...OF_PROCESSES, ...OF_LINKS]] },
];

describe(`what clients of three replicas see while processes and links fail (${SECONDS} s of faults)`, () => {
  for (let seed = SEED; seed < SEED + SEEDS; seed++) {
    const { reads, faults } = KINDS[seed % KINDS.length] ?? { reads: 'index', faults: [] };
    const how = `reads by ${reads}, faults ${faults.length > 1 ? 'at the same time' : 'one after another'}`;
    it(`is linearizable: NEMESIS_SEED=${seed}, ${how}`, TEST, () =>
      runAmongFaults({ seed, seconds: SECONDS, reads, faults, directory: env['NEMESIS_HISTORY'] ?? null }),
    );
  }
});
