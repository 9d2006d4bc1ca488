/**
 * Whether a history is linearizable: whether its operations can be put into one order that keeps the order of those that
 * did not overlap and in which each returns what it did return.
 */
import { type Component, componentsOf } from './components.js';
import { type Counterexample, counterexampleOf, describeCounterexample } from './counterexample.js';
import type { Model } from './model.js';
import type { Operation } from './operation.js';
import { Budget, Search } from './search.js';
import { timelineOf } from './timeline.js';

export interface CheckOptions {
  /** Steps of the model for the whole history; 10 million by default. */
  readonly stepsMax?: number;
  /** Time for the whole history; 60,000 by default. Infinity, where the verdict must be the same on every machine. */
  readonly msMax?: number;
}

export type Verdict =
  | {
      readonly verdict: 'ok';
      /** The order found for each part of the history. */
      readonly orders: readonly (readonly Operation[])[];
      readonly steps: number;
      readonly words: string;
    }
  | {
      readonly verdict: 'not linearizable';
      readonly counterexample: Counterexample;
      readonly steps: number;
      readonly words: string;
    }
  | { readonly verdict: 'budget exceeded'; readonly steps: number; readonly words: string };

const STEPS_MAX = 10_000_000;
const MS_MAX = 60_000;

export function checkLinearizable<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation[],
  options: CheckOptions = {},
): Verdict {
  const stepsMax = options.stepsMax ?? STEPS_MAX;
  const budget = new Budget(stepsMax, options.msMax ?? MS_MAX);
  const orders: (readonly Operation[])[] = [];
  const undecided: Component[] = [];
  // A part that is wrong decides, whatever becomes of the others: small parts first.
  const components = componentsOf(model, operations).sort((a, b) => a.operations.length - b.operations.length);
  for (const component of components) {
    const result = new Search(model, timelineOf(model, component.operations), budget).run();
    const steps = stepsMax - budget.stepsLeft;
    if (result.found === 'none') {
      const counterexample = counterexampleOf(model, component.operations, result);
      const words = describeCounterexample(model.name, component.keys, counterexample);
      return { verdict: 'not linearizable', counterexample, steps, words };
    }
    if (result.found === 'order') orders.push(result.order);
    else undecided.push(component);
  }
  const steps = stepsMax - budget.stepsLeft;
  if (undecided.length === 0)
    return { verdict: 'ok', orders, steps, words: `linearizable (${model.name}, ${steps} steps)` };
  return { verdict: 'budget exceeded', steps, words: exceeded(undecided, steps) };
}

function exceeded(undecided: readonly Component[], steps: number): string {
  const parts = undecided.map(({ keys, operations }) => `${operations.length} operations on ${keys.join(', ')}`);
  return `Not decided after ${steps} steps: ${parts.join('; ')}. Give a larger budget, or record fewer unknown outcomes.`;
}
