/** Right histories, damaged: the checker must say of each what trying all orders says. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../seeded-random.js';
import { linearizableByBruteForce } from './brute-force.js';
import { checkLinearizable } from './checker.js';
import { runConcurrently } from './concurrent-run.js';
import { type Model, withoutFacts } from './model.js';
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

const RUNS = Number(process.env['CHECKER_RUNS'] ?? 300);

/** Hundreds of times what most histories take: the rare one that takes more would take most of the test's time. */
const PLAIN_STEPS_MAX = 100_000;

const UNKNOWN_OUTCOME = { outcome: 'info', output: undefined, returned: Infinity } as const;

type Damage = (operation: Operation, other: Operation) => Operation;

const DAMAGES: readonly Damage[] = [
  (operation, other) => (operation.outcome === 'ok' ? { ...operation, output: other.output ?? null } : operation),
  (operation, other) => ({ ...operation, input: other.command === operation.command ? other.input : operation.input }),
  (operation) => ({ ...operation, ...UNKNOWN_OUTCOME }),
  (operation) => ({ ...operation, outcome: 'fail', output: undefined, returned: Infinity }),
  (operation, other) => ({ ...operation, invoked: Math.min(other.invoked, operation.returned) }),
  (operation, other) =>
    operation.outcome === 'ok' ? { ...operation, returned: Math.max(operation.invoked, other.invoked) } : operation,
  (operation) => ({ ...operation, invoked: operation.invoked + 5, returned: operation.returned + 5 }),
  (operation) => ({ ...operation, invoked: operation.invoked - 5, returned: operation.returned - 5 }),
];

const damages = fc.array(
  fc.record({ damage: fc.constantFrom(...DAMAGES), of: fc.nat(), other: fc.nat(), twice: fc.boolean() }),
  { minLength: 2, maxLength: 5 },
);

interface Size {
  readonly clients: number;
  readonly most: number;
  readonly runs: number;
}

/** Null: it would take too long to say. */
type IsRight = (operations: readonly Operation[]) => boolean | null;

/** Checks damaged histories against another way to say whether they are right. */
function expectAgreement<State, Call>(
  workload: Workload,
  model: () => Model<State, Call>,
  isRight: IsRight = (operations) => linearizableByBruteForce(model(), operations),
  { clients, most, runs }: Size = { clients: 3, most: 7, runs: RUNS },
): void {
  const counts = { wrong: 0, undecided: 0, all: 0 };
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 3, max: most }), damages, (seed, size, chosen) => {
      const random = seededRandom(seed);
      const unknownShare = seed % 3 === 0 ? 0.7 : 0.1;
      let operations = runConcurrently({ workload, clients, operations: size, random, unknownShare });
      for (const { damage, of, other, twice } of chosen) {
        const [damaged, example] = [operations[of % operations.length], operations[other % operations.length]];
        if (damaged === undefined || example === undefined) continue;
        const changed = readable(model, damage(damaged, example)) ? damage(damaged, example) : damaged;
        operations = [...operations.filter((one) => twice || one !== damaged), { ...changed }];
      }
      counts.all++;
      const verdict = checkLinearizable(model(), operations, { msMax: Infinity });
      const right = isRight(operations);
      if (right === null) counts.undecided++;
      else expect(verdict.verdict).toBe(right ? 'ok' : 'not linearizable');
      if (verdict.verdict === 'not linearizable') {
        const { core, others } = verdict.counterexample;
        const maybe = others.map((other): Operation => ({ ...other, ...UNKNOWN_OUTCOME }));
        expect(isRight([...core, ...maybe]), 'the counterexample is one').not.toBe(true);
      }
      if (right === false) counts.wrong++;
    }),
    { numRuns: runs },
  );
  // Damage that never shows would test nothing.
  expect(counts.wrong / counts.all).toBeGreaterThan(0.02);
  expect(counts.undecided / counts.all).toBeLessThan(0.05);
}

function readable<State, Call>(model: () => Model<State, Call>, operation: Operation): boolean {
  try {
    model().parse(operation);
    return true;
  } catch {
    return false;
  }
}

const opening = Object.fromEntries(accountsOf(3).map((account) => [account, OPENING]));

describe('tiny histories, against all orders', () => {
  it('registers', () => expectAgreement(registerWorkload(2, true, 3), () => registers));
  it('one register', () => expectAgreement(registerWorkload(1, false, 3), () => registers));
  it('counters', () => expectAgreement(counterWorkload(false), () => counters));
  it('counters that tell', () => expectAgreement(counterWorkload(true), () => counters));
  it('a bank', () => expectAgreement(bankWorkload(3), () => bank({ opening })));
  it('lists', () => expectAgreement(listWorkload, lists));
  it('sets', () => expectAgreement(setWorkload, () => sets));
});

describe('larger ones, against a search that knows nothing of keys', () => {
  const plainly =
    <State, Call>(model: Model<State, Call>): IsRight =>
    (operations) => {
      const plain = { ...withoutFacts(model), keysOf: () => null };
      const { verdict } = checkLinearizable(plain, operations, { stepsMax: PLAIN_STEPS_MAX, msMax: Infinity });
      return verdict === 'budget exceeded' ? null : verdict === 'ok';
    };
  const size = { clients: 4, most: 22, runs: RUNS / 3 };

  it('registers', () => expectAgreement(registerWorkload(4, true, 6), () => registers, plainly(registers), size));
  it('registers of many values', () =>
    expectAgreement(registerWorkload(4, true), () => registers, plainly(registers), size));
  it('a bank', () => expectAgreement(bankWorkload(3), () => bank({ opening }), plainly(bank({ opening })), size));
});
