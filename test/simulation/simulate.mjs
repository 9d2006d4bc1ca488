/** `npm run simulate -- --seeds 1000 [--from 0]` tries seeds of whole clusters; `--seed n` replays one. */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '100' },
    from: { type: 'string', default: '0' },
    seed: { type: 'string' },
  },
});
const [first, count] = values.seed === undefined ? [values.from, values.seeds] : [values.seed, '1'];
const { status } = spawnSync('npx', ['vitest', 'run', 'test/simulation/raft-cluster.test.ts'], {
  stdio: 'inherit',
  env: { ...process.env, PSMR_FIRST_SEED: first, PSMR_SEEDS: count, PSMR_GO_ON: '1' },
});
process.exitCode = status ?? 1;
