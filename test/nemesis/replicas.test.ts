/** Three replicas, each a process of its own, as their clients see them among faults: linearizable, and complete. */
import { describe, it } from 'vitest';
import { cuts, delays, isolations, kills, pauses } from './replica-faults.js';
import { runAmongFaults } from './replicated-run.js';

const SEED = Number(process.env['NEMESIS_SEED'] ?? process.env['FAST_CHECK_SEED']);
const SECONDS = Number(process.env['NEMESIS_SECONDS'] ?? 4);
const TEST = { timeout: SECONDS * 1000 + 120_000 };

describe(`what clients of three replicas see (NEMESIS_SEED=${SEED} NEMESIS_SECONDS=${SECONDS})`, () => {
  it('is linearizable: processes are killed and paused', TEST, () =>
    runAmongFaults({ seed: SEED, seconds: SECONDS, reads: 'index', faults: [[kills, pauses]] }),
  );

  it('is linearizable: links are slow, cut both ways or one way', TEST, () =>
    runAmongFaults({ seed: SEED, seconds: SECONDS, reads: 'index', faults: [[delays, cuts, isolations]] }),
  );

  it('is linearizable: reads by lease, processes and links fail at the same time', TEST, () =>
    runAmongFaults({
      ...{ seed: SEED, seconds: SECONDS, reads: 'lease' },
      faults: [
        [kills, pauses, pauses],
        [delays, cuts, isolations],
      ],
    }),
  );
});
