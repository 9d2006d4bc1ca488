/** A history is linearizable if and only if its parts without common keys are, each on its own. */
import type { Model } from './model.js';
import type { Operation } from './operation.js';

/** A part of a history; it has no key where all operations touch all keys. */
export interface Component {
  readonly keys: readonly string[];
  readonly operations: readonly Operation[];
}

/** Parts whose operations have no keys in common; those that failed are in none. */
export function componentsOf<State, Call>(model: Model<State, Call>, operations: readonly Operation[]): Component[] {
  const happened = operations.filter((operation) => operation.outcome !== 'fail');
  const keySets = happened.map((operation) => model.keysOf(model.parse(operation)));
  const keys = [...new Set(keySets.flatMap((set) => set ?? []))];
  // One that touches all keys makes the whole history one part.
  if (keySets.some((set) => set === null)) return [{ keys, operations: happened }];
  const roots = new Map(keys.map((key) => [key, key]));
  for (const set of keySets) for (const key of set ?? []) roots.set(rootOf(roots, key), rootOf(roots, set?.[0] ?? key));
  const byRoot = new Map<string, Operation[]>();
  happened.forEach((operation, at) => {
    const root = rootOf(roots, keySets[at]?.[0] ?? '');
    const part = byRoot.get(root);
    if (part === undefined) byRoot.set(root, [operation]);
    else part.push(operation);
  });
  return [...byRoot].map(([root, part]) => ({
    keys: keys.filter((key) => rootOf(roots, key) === root),
    operations: part,
  }));
}

function rootOf(roots: Map<string, string>, key: string): string {
  let root = key;
  for (let above = roots.get(root); above !== undefined && above !== root; above = roots.get(root)) root = above;
  roots.set(key, root);
  return root;
}
