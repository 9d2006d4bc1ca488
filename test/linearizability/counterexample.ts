/**
 * Why a history is not linearizable, as few operations as possible: as many as possible of the others are left out where
 * they only read, and count as possibly never executed where they write. What remains contradicts itself even then, so
 * it is wrong whatever the others did.
 */
import type { Model } from './model.js';
import { describeOperation, type Operation } from './operation.js';
import { Budget, Search } from './search.js';
import { timelineOf } from './timeline.js';

export interface Counterexample {
  /** By invocation; no order of them is possible. */
  readonly core: readonly Operation[];
  /** Which may have written in between, and do not help. */
  readonly others: readonly Operation[];
  /** The one at whose return no order of the core is left. */
  readonly stuck: Operation;
  /** What the states could be just before, as words; the first few. */
  readonly states: readonly string[];
}

interface Refutation<State> {
  readonly stuck: Operation;
  readonly states: readonly State[];
}

const STEPS_PER_TRY = 100_000;
const STEPS_MAX = 2_000_000;
const MS_MAX = 10_000;
const LISTED_MAX = 20;

export function counterexampleOf<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation[],
  refutation: Refutation<State>,
): Counterexample {
  // What was invoked later had no part in it.
  const involved = operations.filter((operation) => operation.invoked <= refutation.stuck.returned);
  const byInvocation = involved.toSorted((a, b) => a.invoked - b.invoked);
  const required = byInvocation.filter((operation) => operation.outcome === 'ok');
  const relaxed = new Set<Operation>();
  let last = refutation;
  let stepsLeft = STEPS_MAX;
  const end = performance.now() + MS_MAX;
  const tryWithout = (some: readonly Operation[]): void => {
    const fewer = new Set([...relaxed, ...some]);
    const budget = new Budget(Math.min(STEPS_PER_TRY, stepsLeft), end - performance.now());
    const before = budget.stepsLeft;
    const result = new Search(model, timelineOf(model, relax(model, byInvocation, fewer)), budget).run();
    stepsLeft -= before - budget.stepsLeft;
    if (result.found !== 'none') return;
    for (const operation of some) relaxed.add(operation);
    last = result;
  };
  for (let size = Math.ceil(required.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    const open = required.filter((operation) => !relaxed.has(operation));
    for (let from = 0; from < open.length && stepsLeft > 0; from += size) tryWithout(open.slice(from, from + size));
  }
  const core = required.filter((operation) => !relaxed.has(operation));
  const others = byInvocation.filter(
    (operation) => !core.includes(operation) && !model.readOnly(model.parse(operation)),
  );
  return { core, others, stuck: last.stuck, states: last.states.map((state) => model.describe(state)) };
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
    `At the return of (${describeOperation(stuck)}) no order is left; shortly before, the state could be ${states.join(' or ')}.`,
    ...(others.length === 0
      ? []
      : [`It makes no difference when the ${others.length} other writes of this part happened, or whether they did.`]),
  ].join('\n');
}
