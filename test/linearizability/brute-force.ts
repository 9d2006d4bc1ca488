/** Linearizability by trying all orders: for tiny histories, and to check the checker. Shares no code with it. */
import type { Model } from './model.js';
import type { Operation } from './operation.js';

export function linearizableByBruteForce<State, Call>(
  model: Model<State, Call>,
  operations: readonly Operation[],
): boolean {
  const all = operations.filter((operation) => operation.outcome !== 'fail');
  const calls = new Map(all.map((operation) => [operation, model.parse(operation)]));
  const after = (state: State, operation: Operation): readonly State[] => {
    const call = calls.get(operation);
    return call === undefined ? [] : model.step(state, call);
  };
  const canGoOn = (state: State, left: readonly Operation[]): boolean => {
    if (left.every((operation) => operation.outcome === 'info')) return true;
    const firstReturn = Math.min(...left.map((operation) => operation.returned));
    return left.some(
      (operation) =>
        operation.invoked <= firstReturn &&
        after(state, operation).some((next) =>
          canGoOn(
            next,
            left.filter((other) => other !== operation),
          ),
        ),
    );
  };
  return canGoOn(model.initial, all);
}
