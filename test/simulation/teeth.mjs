/**
 * `npm run simulate:teeth`: breaks a copy of the code in each of the ways of breaks.mjs and prints which seeds of the
 * simulation notice, as the table of docs/simulation.md. `--seeds 200`, `--only <words>`, `--jobs 1`.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { BREAKS } from './breaks.mjs';

const COPIED = ['src', 'test', 'package.json', 'tsconfig.json', 'vitest.config.ts'];
const SHOWN = 5;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '200' },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
  },
});

function applied(file, found, instead, tree = '.') {
  const [before, after, ...more] = readFileSync(join(tree, file), 'utf8').split(found);
  if (after === undefined || more.length > 0) throw new Error(`${file} does not hold once: ${found}`);
  return before + instead + after;
}

/** The seeds that fail. */
function runSeeds(tree) {
  const env = { ...process.env, PSMR_FIRST_SEED: '0', PSMR_SEEDS: values.seeds, PSMR_GO_ON: '1', NO_COLOR: '1' };
  const file = 'test/simulation/raft-cluster.test.ts';
  const child = spawn('npx', ['vitest', 'run', '-t', 'execute one order', file], { cwd: tree, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  return new Promise((resolve, reject) => {
    child.on('close', (status) => {
      const seeds = [...output.matchAll(/--seed (\d+)\)/g)].map(([, seed]) => Number(seed));
      const unique = [...new Set(seeds)].sort((a, b) => a - b);
      if (unique.length === 0 && status !== 0) reject(new Error(output.slice(-2000)));
      else resolve(unique);
    });
  });
}

async function tryBreak({ broken, changes }) {
  const tree = mkdtempSync(join(tmpdir(), 'psmr-teeth-'));
  try {
    for (const each of COPIED) cpSync(each, join(tree, each), { recursive: true });
    symlinkSync(join(process.cwd(), 'node_modules'), join(tree, 'node_modules'));
    for (const [file, found, instead] of changes) {
      writeFileSync(join(tree, file), applied(file, found, instead, tree));
    }
    const seeds = await runSeeds(tree);
    const shown = seeds.slice(0, SHOWN).join(', ') + (seeds.length > SHOWN ? ', …' : '');
    console.log(`| ${broken} | ${seeds.length} | ${shown} |`);
    if (seeds.length === 0) process.exitCode = 1;
  } finally {
    rmSync(tree, { recursive: true });
  }
}

for (const { changes } of BREAKS) for (const change of changes) applied(...change);
const waiting = BREAKS.filter(({ broken }) => broken.includes(values.only));
console.log(`| broken | of ${values.seeds} seeds | first |\n| --- | --- | --- |`);
async function work() {
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await tryBreak(next);
}
await Promise.all(Array.from({ length: Number(values.jobs) }, work));
