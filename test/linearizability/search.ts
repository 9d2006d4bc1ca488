/**
 * The search for an order that explains a history: linearization points are placed as late as possible (after Lowe,
 * "Testing for linearizability", 2017), so that they all lie just before some call's return.
 *
 * At each return the returning call must have its place. A configuration is a state with the set of calls under way that
 * have theirs already. From one, the returning call is tried first, then others under way before it (the next to return
 * first), then, one by one, calls of unknown outcome. Always the configuration that got furthest goes on; among these the
 * one that has spent the fewest unknown calls. What makes this fast:
 * - A call that never changes anything gets its place as soon as it fits: that cannot spoil anything.
 * - Of calls of one kind the next to return is tried alone.
 * - Configurations seen before are dropped, and so are those that differ only by having spent more unknown calls.
 */
import type { Model } from './model.js';
import type { Operation } from './operation.js';
import type { ReturnPoint, TimedCall, Timeline } from './timeline.js';

/** Steps of the model that a search may take, in all of its searches. */
export class Budget {
  stepsLeft: number;
  readonly #endMs: number;

  constructor(steps: number, ms: number) {
    this.stepsLeft = steps;
    this.#endMs = performance.now() + ms;
  }

  get spent(): boolean {
    return this.stepsLeft <= 0 || performance.now() > this.#endMs;
  }
}

export type SearchResult<State> =
  | { readonly found: 'order'; readonly order: readonly Operation[] }
  | { readonly found: 'none'; readonly stuck: Operation; readonly states: readonly State[] }
  | { readonly found: 'out of budget' };

interface Placed {
  readonly operation: Operation;
  readonly before: Placed | null;
}

interface Configuration<State> {
  readonly point: number;
  readonly state: State;
  readonly placed: bigint;
  readonly spent: bigint;
  readonly spentCount: number;
  readonly order: Placed | null;
}

/** What is to be tried from a configuration. */
interface Task<State> {
  readonly from: Configuration<State>;
  readonly next: 'settle' | 'pending' | 'unknown';
}

const STATES_SHOWN = 8;
/** Steps between looks at the clock. */
const BUDGET_SLICE = 1024;

export class Search<State, Call> {
  readonly #model: Model<State, Call>;
  readonly #timeline: Timeline<Call>;
  readonly #budget: Budget;
  readonly #frontier = new Frontier<State>();
  readonly #seen: Map<string, bigint[]>[] = [];
  readonly #stateNumbers = new Map<unknown, number>();
  #furthest = -1;
  #furthestStates: State[] = [];
  #end: Configuration<State> | null = null;

  constructor(model: Model<State, Call>, timeline: Timeline<Call>, budget: Budget) {
    this.#model = model;
    this.#timeline = timeline;
    this.#budget = budget;
  }

  run(): SearchResult<State> {
    const state = this.#model.initial;
    this.#frontier.add({
      from: { point: 0, state, placed: 0n, spent: 0n, spentCount: 0, order: null },
      next: 'settle',
    });
    let sliceEnd = this.#budget.stepsLeft - BUDGET_SLICE;
    for (let task = this.#frontier.take(); task !== null; task = this.#frontier.take()) {
      if (task.next === 'settle') this.#settle(task.from);
      else if (task.next === 'pending') this.#tryPending(task.from);
      else this.#tryUnknown(task.from);
      if (this.#end !== null) return { found: 'order', order: orderOf(this.#end.order) };
      if (this.#budget.stepsLeft > sliceEnd && this.#budget.stepsLeft > 0) continue;
      if (this.#budget.spent) return { found: 'out of budget' };
      sliceEnd = this.#budget.stepsLeft - BUDGET_SLICE;
    }
    const stuck = this.#point(this.#furthest).returning.operation;
    return { found: 'none', stuck, states: this.#furthestStates };
  }

  /** Goes on to the first return of a call that has no place yet, and gives it one if it fits there and then. */
  #settle(from: Configuration<State>): void {
    const at = this.#passReturns(from);
    if (at.point === this.#timeline.points.length) {
      this.#end = at;
      return;
    }
    if (!this.#isNew(at)) return;
    this.#noteFurthest(at);
    this.#frontier.add({ from: at, next: 'pending' });
    const { returning } = this.#point(at.point);
    if (!returning.readOnly) this.#place(at, returning);
  }

  #passReturns(from: Configuration<State>): Configuration<State> {
    const { state } = from;
    let { point, placed, order } = from;
    for (let first = true; point < this.#timeline.points.length; first = false) {
      const { returning, pendingReads, newReads } = this.#point(point);
      for (const read of first ? pendingReads : newReads) {
        if ((placed & read.bit) !== 0n || this.#step(state, read).length === 0) continue;
        placed |= read.bit;
        order = { operation: read.operation, before: order };
      }
      if ((placed & returning.bit) === 0n) break;
      placed ^= returning.bit;
      point++;
    }
    return { ...from, point, placed, order };
  }

  #tryPending(from: Configuration<State>): void {
    const { pending, returning, unknowns } = this.#point(from.point);
    if (unknowns > from.spentCount) this.#frontier.add({ from, next: 'unknown' });
    const open = pending.filter((call) => call === returning || (!call.readOnly && (from.placed & call.bit) === 0n));
    // The last one added is tried first; the returning call has been tried.
    for (const call of onePerKind(open).reverse()) if (call !== returning) this.#place(from, call);
  }

  #place(from: Configuration<State>, call: TimedCall<Call>): void {
    for (const state of this.#step(from.state, call)) {
      const order = { operation: call.operation, before: from.order };
      this.#frontier.add({ from: { ...from, state, placed: from.placed | call.bit, order }, next: 'settle' });
    }
  }

  #tryUnknown(from: Configuration<State>): void {
    const invoked = this.#timeline.unknowns.slice(0, this.#point(from.point).unknowns);
    const key = this.#model.key(from.state);
    for (const call of onePerKind(invoked.filter((one) => (from.spent & one.bit) === 0n))) {
      for (const state of this.#step(from.state, call)) {
        // Without an effect here it is better kept for later.
        if (this.#model.key(state) === key) continue;
        const order = { operation: call.operation, before: from.order };
        const spent = { spent: from.spent | call.bit, spentCount: from.spentCount + 1 };
        this.#frontier.add({ from: { ...from, ...spent, state, order }, next: 'settle' });
      }
    }
  }

  #isNew({ point, state, placed, spent }: Configuration<State>): boolean {
    const seen = (this.#seen[point] ??= new Map<string, bigint[]>());
    const key = `${this.#numberOf(state)} ${placed}`;
    const others = seen.get(key) ?? [];
    if (others.some((other) => (other & spent) === other)) return false;
    seen.set(key, [...others.filter((other) => (other & spent) !== spent), spent]);
    return true;
  }

  #noteFurthest({ point, state }: Configuration<State>): void {
    if (point < this.#furthest) return;
    if (point > this.#furthest) this.#furthestStates = [];
    this.#furthest = point;
    const key = this.#model.key(state);
    if (this.#furthestStates.length === STATES_SHOWN) return;
    if (!this.#furthestStates.some((other) => this.#model.key(other) === key)) this.#furthestStates.push(state);
  }

  #numberOf(state: State): number {
    const key = this.#model.key(state);
    const number = this.#stateNumbers.get(key) ?? this.#stateNumbers.size;
    this.#stateNumbers.set(key, number);
    return number;
  }

  #step(state: State, call: TimedCall<Call>): readonly State[] {
    this.#budget.stepsLeft--;
    return this.#model.step(state, call.call);
  }

  #point(at: number): ReturnPoint<Call> {
    const point = this.#timeline.points[at];
    if (point === undefined) throw new Error(`there is no return ${at}`);
    return point;
  }
}

/** The tasks: first those furthest on, then those that spend the fewest unknown calls, then the newest. */
class Frontier<State> {
  readonly #stacks: Task<State>[][][] = [];

  add(task: Task<State>): void {
    const { point, spentCount } = task.from;
    while (this.#stacks.length <= point) this.#stacks.push([]);
    const stacks = (this.#stacks[point] ??= []);
    const at = spentCount + (task.next === 'unknown' ? 1 : 0);
    while (stacks.length <= at) stacks.push([]);
    stacks[at]?.push(task);
  }

  take(): Task<State> | null {
    for (let stacks = this.#stacks.at(-1); stacks !== undefined; stacks = this.#stacks.at(-1)) {
      const task = stacks.find((stack) => stack.length > 0)?.pop();
      if (task !== undefined) return task;
      this.#stacks.pop();
    }
    return null;
  }
}

function onePerKind<Call>(calls: readonly TimedCall<Call>[]): TimedCall<Call>[] {
  const kinds = new Set<string>();
  return calls.filter(({ kind }) => !kinds.has(kind) && kinds.add(kind));
}

function orderOf(last: Placed | null): Operation[] {
  const order: Operation[] = [];
  for (let placed = last; placed !== null; placed = placed.before) order.push(placed.operation);
  return order.reverse();
}
