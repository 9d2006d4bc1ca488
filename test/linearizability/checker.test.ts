import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random.js';
import { checkLinearizable, type Verdict } from './checker.js';
import { type ConcurrentRun, type Fault, FAULTS, runConcurrently } from './concurrent-run.js';
import type { Model } from './model.js';
import { bank } from './models/bank.js';
import { counters } from './models/counters.js';
import { lists } from './models/lists.js';
import { registers } from './models/registers.js';
import { sets } from './models/sets.js';
import type { Operation } from './operation.js';
import {
  accountsOf,
  bankWorkload,
  counterWorkload,
  listWorkload,
  OPENING,
  registerWorkload,
  setWorkload,
  type Workload,
} from './subjects.js';

const SEED = Number(process.env['FAST_CHECK_SEED']);

interface Subject {
  readonly name: string;
  readonly workload: Workload;
  readonly check: (operations: readonly Operation[]) => Verdict;
}

function subject<State, Call>(name: string, workload: Workload, model: () => Model<State, Call>): Subject {
  return { name, workload, check: (operations) => checkLinearizable(model(), operations) };
}

const ACCOUNTS = 6;
const opening = Object.fromEntries(accountsOf(ACCOUNTS).map((account) => [account, OPENING]));
const SUBJECTS: readonly Subject[] = [
  subject('registers', registerWorkload(5, false), () => registers),
  subject('registers, also several at once', registerWorkload(12, true), () => registers),
  subject('one register of few values', registerWorkload(1, false, 3), () => registers),
  subject('a counter that tells its sum', counterWorkload(true), () => counters),
  subject('a counter that does not', counterWorkload(false), () => counters),
  subject('a bank', bankWorkload(ACCOUNTS), () => bank({ opening })),
  subject('a list', listWorkload, lists),
  subject('a set', setWorkload, () => sets),
];

/** To write twice what was written changes nothing, unless something else came between. */
const HARMLESS: Partial<Record<Fault, readonly string[]>> = {
  'double execution': SUBJECTS.map(({ name }) => name).filter((name) => /register|set/.test(name)),
};

/** A fault may leave no trace: one run in four of a register of few values gets by with lost updates, measured on 200 seeds. */
const TRIES = Array.from({ length: 12 }, (_, at) => at);

/** Whether the order found is one: each operation after those that had returned, and the model agrees. */
function expectOrder<State, Call>(model: Model<State, Call>, order: readonly Operation[]): void {
  let states = [model.initial];
  let latest = -Infinity;
  for (const operation of order) {
    expect(operation.returned).toBeGreaterThanOrEqual(latest);
    latest = Math.max(latest, operation.invoked);
    states = states.flatMap((state) => model.step(state, model.parse(operation)));
    expect(states).not.toEqual([]);
  }
}

describe(`histories of concurrent clients (seed ${SEED})`, () => {
  const run = (given: Omit<ConcurrentRun, 'random'>, seed: number): Operation[] =>
    runConcurrently({ ...given, random: seededRandom(SEED + seed) });

  it.each(SUBJECTS)('$name: 20 clients, 3,000 operations are accepted in seconds', ({ workload, check }) => {
    const started = performance.now();
    const verdict = check(run({ workload, clients: 20, operations: 3000 }, 0));
    expect(verdict.words).toContain('linearizable (');
    expect(verdict.verdict).toBe('ok');
    expect(performance.now() - started).toBeLessThan(20_000);
  });

  it.each(SUBJECTS)('$name: 5 clients, of which some answers are lost, are accepted', ({ workload, check }) => {
    for (let seed = 0; seed < 20; seed++) {
      const verdict = check(run({ workload, clients: 5, operations: 300, unknownShare: 0.05 }, seed));
      expect(verdict.words).toContain('linearizable (');
      expect(verdict.verdict).toBe('ok');
    }
  });

  it('gives the order that explains a history, with every operation that returned', () => {
    const operations = run({ workload: registerWorkload(1, true), clients: 8, operations: 500, unknownShare: 0.05 }, 1);
    const verdict = checkLinearizable(registers, operations);
    if (verdict.verdict !== 'ok') throw new Error(verdict.words);
    const [order = []] = verdict.orders;
    expectOrder(registers, order);
    for (const operation of operations) if (operation.outcome === 'ok') expect(order).toContain(operation);
    expect(new Set(order).size).toBe(order.length);
  });

  it.each(FAULTS)('%s are found in each object that they harm', (fault) => {
    for (const { name, workload, check } of SUBJECTS) {
      if (HARMLESS[fault]?.includes(name)) continue;
      const isFound = (seed: number): boolean =>
        check(run({ workload, clients: 4, operations: 120, fault }, seed)).verdict === 'not linearizable';
      expect(TRIES.some(isFound), `${name} with ${fault}`).toBe(true);
    }
  });
});
