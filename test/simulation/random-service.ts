/** Services made at random: commands that run small programs over their keys, and the same programs over a plain Map. */
import fc from 'fast-check';
import { everyKey, type Command, type Partition, type Service, type State } from '../../src/service/command.js';
import type { ModelCommand, ModelOutcome } from './model-service.js';

/** A command names this many keys, some of them more than once; a program speaks of them by their places. */
const PLACES = 4;

interface Step {
  readonly does: 'get' | 'has' | 'add' | 'set' | 'delete' | 'refuse';
  readonly place: number;
  /** For `refuse`: where the command's number is a multiple of it. */
  readonly modulus: number;
}

interface KeyedPlan {
  readonly over: 'keys';
  /** What the command declares of each place. */
  readonly roles: readonly ('none' | 'read' | 'write' | 'both')[];
  /** As one list, where all may be written. */
  readonly asList: boolean;
  readonly steps: readonly Step[];
}

interface EveryKeyPlan {
  readonly over: 'every key';
  readonly does: 'sum' | 'raise' | 'prune';
  readonly modulus: number;
  readonly refusesInMerge: boolean;
}

export type Plan = KeyedPlan | EveryKeyPlan;

interface Args {
  readonly keys: readonly string[];
  readonly by: number;
}

const step: fc.Arbitrary<Step> = fc.record({
  does: fc.constantFrom('get', 'has', 'add', 'set', 'delete', 'refuse'),
  place: fc.nat(PLACES - 1),
  modulus: fc.integer({ min: 2, max: 9 }),
});

const keyedPlan: fc.Arbitrary<KeyedPlan> = fc
  .record({
    over: fc.constant('keys' as const),
    roles: fc.array(fc.constantFrom('none', 'read', 'write', 'both'), { minLength: PLACES, maxLength: PLACES }),
    asList: fc.boolean(),
    steps: fc.array(step, { minLength: 1, maxLength: 6 }),
  })
  .filter(({ roles }) => roles.some((role) => role !== 'none'));

const everyKeyPlan: fc.Arbitrary<EveryKeyPlan> = fc.record({
  over: fc.constant('every key' as const),
  does: fc.constantFrom('sum', 'raise', 'prune'),
  modulus: fc.integer({ min: 2, max: 9 }),
  refusesInMerge: fc.boolean(),
});

export const randomPlans: fc.Arbitrary<Plan[]> = fc.array(
  fc.oneof({ weight: 5, arbitrary: keyedPlan }, { weight: 1, arbitrary: everyKeyPlan }),
  { minLength: 1, maxLength: 6 },
);

type Values = Pick<State, 'get' | 'set' | 'delete' | 'has'>;

/** Steps over places that are not declared for them are passed over. */
function runSteps({ roles, steps, asList }: KeyedPlan, values: Values, { keys, by }: Args): unknown {
  const seen: unknown[] = [];
  for (const { does, place, modulus } of steps) {
    const key = keys[place] ?? '';
    const role = roles[place] ?? 'none';
    const mayWrite = role !== 'none' && (asList || role !== 'read');
    if (does === 'refuse') {
      if (by % modulus === 0) throw new Error(`refused: ${by}`);
    } else if (role === 'none') continue;
    else if (does === 'get') seen.push(values.get<number>(key) ?? null);
    else if (does === 'has') seen.push(values.has(key));
    else if (!mayWrite) continue;
    else if (does === 'delete') values.delete(key);
    else values.set(key, by + (does === 'add' ? (values.get<number>(key) ?? 0) : 0));
  }
  return seen;
}

function runPartial({ does, modulus }: EveryKeyPlan, partition: Partition, { by }: Args): number {
  let sum = 0;
  for (const [key, value] of [...partition.entries<number>()]) {
    sum += value;
    // The same sentence in whichever partition it is found first.
    if (does !== 'sum' && (value + by) % 11 === 0) throw new Error('refused in a part');
    if (does === 'raise') partition.set(key, value + by);
    else if (does === 'prune' && value % modulus === 0) partition.delete(key);
  }
  return sum;
}

function runMerge({ modulus, refusesInMerge }: EveryKeyPlan, parts: readonly unknown[], { by }: Args): number {
  if (refusesInMerge && by % modulus === 0) throw new Error('refused in merge');
  return (parts as number[]).reduce((sum, part) => sum + part, 0);
}

function isReadOnly(plan: Plan): boolean {
  if (plan.over === 'every key') return plan.does === 'sum';
  return !plan.asList && plan.roles.every((role) => role === 'none' || role === 'read');
}

function commandOf(plan: Plan): Command {
  const readOnly = isReadOnly(plan);
  if (plan.over === 'every key')
    return {
      ...{ keys: everyKey, readOnly },
      partial: (partition, args) => runPartial(plan, partition, args as Args),
      merge: (parts, args) => runMerge(plan, parts, args as Args),
    };
  const places = (...roles: readonly string[]) => {
    return ({ keys }: Args) => keys.filter((_, place) => roles.includes(plan.roles[place] ?? 'none'));
  };
  const [all, read, write] = [places('read', 'write', 'both'), places('read', 'both'), places('write', 'both')];
  return {
    readOnly,
    keys: (args) => (plan.asList ? all(args as Args) : { read: read(args as Args), write: write(args as Args) }),
    execute: (state, args) => runSteps(plan, state, args as Args),
  };
}

export function serviceOf(plans: readonly Plan[]): Service {
  return { name: 'random', commands: Object.fromEntries(plans.map((plan, at) => [`c${at}`, commandOf(plan)])) };
}

export function randomCall(
  plans: readonly Plan[],
  random: () => number,
  keys: readonly string[],
  id: number,
): ModelCommand {
  const named = Array.from({ length: PLACES }, () => keys[Math.floor(random() * keys.length)]);
  return [`c${Math.floor(random() * plans.length)}`, { keys: named, by: Math.floor(random() * 50), id }];
}

/** The same programs, one after another, on one Map. `isShared` keys are placed everywhere: scans do not see them. */
export class RandomModel {
  content = new Map<string, number>();
  readonly #plans: readonly Plan[];
  readonly #isShared: (key: string) => boolean;

  constructor(plans: readonly Plan[], isShared: (key: string) => boolean) {
    this.#plans = plans;
    this.#isShared = isShared;
  }

  run([name, args]: ModelCommand): ModelOutcome {
    const plan = this.#plans[Number(name.slice(1))] as Plan;
    const draft = new Map(this.content);
    try {
      const value = this.#execute(plan, draft, args as unknown as Args);
      this.content = draft;
      return { value };
    } catch (error) {
      return { error: (error as Error).message };
    }
  }

  #execute(plan: Plan, draft: Map<string, number>, args: Args): unknown {
    const values = draft as Map<string, unknown> as unknown as Values & Partition;
    if (plan.over === 'keys') return runSteps(plan, values, args);
    const own = (): IterableIterator<[string, number]> => [...draft].filter(([key]) => !this.#isShared(key)).values();
    const partition = { entries: own, set: values.set.bind(draft), delete: values.delete.bind(draft) };
    return runMerge(plan, [runPartial(plan, partition as unknown as Partition, args)], args);
  }
}
