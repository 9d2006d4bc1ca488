/**
 * Why a history is not linearizable, as few operations as possible: as many as possible of the others are left out where
 * they only read, and count as possibly never executed where they write. What remains contradicts itself even then, so
 * it is wrong whatever the others did.
 */
import { type Model, withoutFacts } from './model.js';
import { describeOperation, type Operation } from './operation.js';
import { Budget, Search } from './search.js';
import { timelineOf } from './timeline.js';

export interface Counterexample {
  /** By invocation; no order of them is possible. */
  readonly core: readonly Operation[];
  /** Which may have written in between, and do not help. */
  readonly others: readonly Operation[];
  /** The one at whose return no order of the core is left; null: it would take too long to find out. */
  readonly stuck: Operation | null;
  /** What the states could be just before, as words, the first few; none: it found what was never there. */
  readonly states: readonly string[];
}

interface Refutation<State> {
  readonly stuck: Operation;
  readonly states: readonly State[];
}

const STEPS_PER_TRY = 20_000;
const STEPS_MAX = 300_000;
const MS_MAX = 2_000;
const MS_PER_TRY = 50;
const LISTED_MAX = 20;

export function counterexampleOf<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation[],
  refutation: Refutation<State>,
): Counterexample {
  const tries = new Tries(model);
  const byInvocation = shortestPrefix(tries, operations, refutation.stuck);
  const required = byInvocation.filter((operation) => operation.outcome === 'ok');
  const relaxed = new Set<Operation>();
  for (let size = Math.ceil(required.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    const open = required.filter((operation) => !relaxed.has(operation));
    for (let from = 0; from < open.length; from += size) {
      const some = open.slice(from, from + size);
      const left = relax(model, byInvocation, new Set([...relaxed, ...some]));
      if (tries.refute(left) !== null) for (const operation of some) relaxed.add(operation);
    }
  }
  const core = required.filter((operation) => !relaxed.has(operation));
  const others = byInvocation.filter(
    (operation) => !core.includes(operation) && !model.readOnly(model.parse(operation)),
  );
  const { stuck, states } = tries.explain(relax(model, byInvocation, relaxed)) ?? { stuck: null, states: [] };
  return { core, others, stuck, states: states.map((state) => model.describe(state)) };
}

/** Searches with little time each, and little in all. */
class Tries<State, Call> {
  readonly #model: Model<State, Call>;
  readonly #endMs = performance.now() + MS_MAX;
  #stepsLeft = STEPS_MAX;

  constructor(model: Model<State, Call>) {
    this.#model = model;
  }

  /** Null: it is linearizable, or that is not known. */
  refute(operations: readonly Operation[]): Refutation<State> | null {
    return this.#search(this.#model, operations);
  }

  /** Refutes without looking ahead: where it gets stuck is where one sees that it is wrong. */
  explain(operations: readonly Operation[]): Refutation<State> | null {
    this.#stepsLeft = Math.max(this.#stepsLeft, 0) + 2 * STEPS_PER_TRY;
    const ahead = this.#search(this.#model, operations);
    return ahead?.states.length === 0 ? ahead : this.#search(withoutFacts(this.#model), operations);
  }

  #search(model: Model<State, Call>, operations: readonly Operation[]): Refutation<State> | null {
    if (this.#stepsLeft <= 0) return null;
    const steps = Math.min(STEPS_PER_TRY, this.#stepsLeft);
    const budget = new Budget(steps, Math.max(MS_PER_TRY, this.#endMs - performance.now()));
    const result = new Search(model, timelineOf(model, operations), budget).run();
    this.#stepsLeft -= steps - budget.stepsLeft;
    return result.found === 'none' ? result : null;
  }
}

/**
 * What had been invoked when it became wrong, by invocation. A search that looks ahead gets stuck too early for that, so
 * the return is looked for from there on.
 */
function shortestPrefix<State, Call>(
  tries: Tries<State, Call>,
  operations: readonly Operation[],
  stuck: Operation,
): Operation[] {
  const returns = operations.filter(({ outcome }) => outcome === 'ok').sort((a, b) => a.returned - b.returned);
  const byInvocation = operations.toSorted((a, b) => a.invoked - b.invoked);
  const prefix = (at: number): Operation[] => {
    const time = returns[at]?.returned ?? Infinity;
    return byInvocation.filter((operation) => operation.invoked <= time);
  };
  const isWrong = (at: number): boolean => at >= returns.length || tries.refute(prefix(at)) !== null;
  let right = returns.indexOf(stuck) - 1;
  let wrong = right + 1;
  for (let more = 1; !isWrong(wrong); more *= 2) {
    right = wrong;
    wrong = Math.min(returns.length, wrong + more);
  }
  while (wrong - right > 1) {
    const middle = Math.floor((right + wrong) / 2);
    if (isWrong(middle)) wrong = middle;
    else right = middle;
  }
  return prefix(wrong);
}

function relax<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation[],
  relaxed: ReadonlySet<Operation>,
): Operation[] {
  return operations
    .filter((operation) => !relaxed.has(operation) || !model.readOnly(model.parse(operation)))
    .map((operation) => (relaxed.has(operation) ? asUnknown(operation) : operation));
}

function asUnknown(operation: Operation): Operation {
  return { ...operation, outcome: 'info', output: undefined, returned: Infinity };
}

export function describeCounterexample(
  model: string,
  keys: readonly string[],
  { core, others, stuck, states }: Counterexample,
): string {
  const start = core[0]?.invoked ?? 0;
  const time = (ns: number): string => ((ns - start) / 1e6).toFixed(3);
  // Of a long list the end says most: there it breaks.
  const listed = core.slice(-LISTED_MAX).map((operation) => {
    return `  ${time(operation.invoked)} to ${time(operation.returned)} ms, ${describeOperation(operation)}`;
  });
  const skipped = core.length - listed.length;
  return [
    `Not linearizable (${model}; keys ${keys.join(', ') || 'none'}): no order of these operations gives what they returned.`,
    ...(skipped === 0 ? [] : [`  (${skipped} earlier ones)`]),
    ...listed,
    ...(stuck === null
      ? []
      : [
          states.length === 0
            ? `What (${describeOperation(stuck)}) found was never there before it returned.`
            : `At the return of (${describeOperation(stuck)}) no order is left; shortly before, the state could be ${states.join(' or ')}.`,
        ]),
    ...(others.length === 0
      ? []
      : [`It makes no difference when the ${others.length} other writes of this part happened, or whether they did.`]),
  ].join('\n');
}
