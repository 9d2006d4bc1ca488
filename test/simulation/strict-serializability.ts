/**
 * Whether a history of appends to lists and reads of them is strictly serializable: as if each operation had happened
 * at one moment between its call and its answer. The final lists give the order of all appends to a key, so all
 * dependencies are known, and it is enough to look for a cycle among them and the order of real time (Adya's
 * serialization graph with real-time edges, as in Kingsbury and Alvaro's Elle, VLDB 2020).
 */
export interface Operation {
  readonly id: number;
  /** Moments on one clock; an answer that never came: Infinity. */
  readonly called: number;
  readonly answered: number;
  /** Keys that it appended its id to, if it found them: `every` means all keys that there were. */
  readonly appends: readonly string[] | 'every';
  /** What it saw of each key. */
  readonly reads: ReadonlyMap<string, readonly number[]>;
}

/** What is wrong; null: nothing. Operations that were never executed are left out of `history`. */
export function violation(history: readonly Operation[], lists: ReadonlyMap<string, readonly number[]>): string | null {
  const after = new Map<number, Set<number>>(history.map(({ id }) => [id, new Set()]));
  const edge = (from: number | undefined, to: number | undefined): void => {
    if (from !== undefined && to !== undefined && from !== to) after.get(from)?.add(to);
  };
  for (const list of lists.values()) list.forEach((id, at) => edge(id, list[at + 1]));
  for (const operation of history) {
    const problem = misplaced(operation, lists) ?? misread(operation, lists);
    if (problem !== null) return problem;
    for (const [key, seen] of operation.reads) {
      edge(seen.at(-1), operation.id);
      edge(operation.id, lists.get(key)?.[seen.length]);
    }
    if (operation.appends === 'every')
      for (const list of lists.values()) if (!list.includes(operation.id)) edge(operation.id, list[0]);
  }
  addRealTime(history, edge);
  const cycle = findCycle(after);
  return cycle === null ? null : `no order allows ${cycle.join(' before ')}`;
}

/** Whoever was answered before another called precedes it; what follows from two such edges is left out. */
function addRealTime(history: readonly Operation[], edge: (from: number, to: number) => void): void {
  const byCall = [...history].sort((a, b) => a.called - b.called);
  for (const { id, answered } of history) {
    let firstAnswer = Number.POSITIVE_INFINITY;
    for (let at = firstAfter(byCall, answered); at < byCall.length; at++) {
      const later = byCall[at];
      if (later === undefined || later.called > firstAnswer) break;
      edge(id, later.id);
      firstAnswer = Math.min(firstAnswer, later.answered);
    }
  }
}

/** The place of the first that was called after that moment. */
function firstAfter(byCall: readonly Operation[], moment: number): number {
  let [low, high] = [0, byCall.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((byCall[middle]?.called ?? 0) > moment) high = middle;
    else low = middle + 1;
  }
  return low;
}

function misplaced({ id, appends }: Operation, lists: ReadonlyMap<string, readonly number[]>): string | null {
  for (const [key, list] of lists) {
    const times = list.filter((each) => each === id).length;
    const wanted = appends === 'every' ? Math.min(times, 1) : appends.includes(key) ? 1 : 0;
    if (times !== wanted) return `${id} stands ${times} times in ${key}, not ${wanted}`;
  }
  if (appends === 'every') return null;
  const missing = appends.find((key) => !lists.has(key));
  return missing === undefined ? null : `${id} is missing in ${missing}`;
}

function misread({ id, reads }: Operation, lists: ReadonlyMap<string, readonly number[]>): string | null {
  for (const [key, seen] of reads) {
    const list = lists.get(key) ?? [];
    if (seen.length > list.length || seen.some((each, at) => each !== list[at]))
      return `${id} saw [${seen.join()}] in ${key}, which became [${list.join()}]`;
  }
  return null;
}

function findCycle(after: ReadonlyMap<number, ReadonlySet<number>>): number[] | null {
  const state = new Map<number, 'open' | 'done'>();
  const path: number[] = [];
  const visit = (id: number): number[] | null => {
    if (state.get(id) === 'done') return null;
    if (state.get(id) === 'open') return [...path.slice(path.indexOf(id)), id];
    state.set(id, 'open');
    path.push(id);
    for (const next of after.get(id) ?? []) {
      const cycle = visit(next);
      if (cycle !== null) return cycle;
    }
    path.pop();
    state.set(id, 'done');
    return null;
  };
  for (const id of after.keys()) {
    const cycle = visit(id);
    if (cycle !== null) return cycle;
  }
  return null;
}
