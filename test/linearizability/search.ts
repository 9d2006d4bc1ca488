/**
 * The search for an order that explains a history: linearization points are placed as late as possible (after Lowe,
 * "Testing for linearizability", 2017), so that they all lie just before some call's return.
 *
 * At each return the returning call must have its place. A configuration is a state with the set of calls under way that
 * have theirs already. From one, the returning call is tried first, then others under way ahead of it (the next to return
 * first), then calls of unknown outcome. The configuration that got furthest goes on, unless it has placed many calls
 * ahead: before long chains at one return, short ones are tried at the returns before. What makes this fast:
 * - A call that never changes anything gets its place as soon as it fits: that cannot spoil anything.
 * - A call goes ahead of the returning one only if they have keys in common, or are linked by calls that do: otherwise it
 *   can as well come after.
 * - Of calls of one kind the next to return is tried alone.
 * - Configurations seen before are dropped, and so are those that differ only by having spent more unknown calls.
 */
import { FactIndex } from './facts.js';
import { linkedTo, shareKeys } from './keys.js';
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
  /** How many calls were placed since the point before, unknown ones counted several times. */
  readonly ahead: number;
  readonly order: Placed | null;
}

/** What is to be tried from a configuration. */
interface Task<State> {
  readonly from: Configuration<State>;
  readonly next: 'settle' | 'pending' | 'unknown';
}

/** How many returns further on a configuration must be to go on before one that has placed one call less ahead. */
const AHEAD_COST = 4;
/** What a call of unknown outcome counts for. */
const UNKNOWN_AHEAD = 2;
const AHEAD = { settle: 0, pending: 1, unknown: UNKNOWN_AHEAD };
const STATES_SHOWN = 8;
/** Steps between looks at the clock. */
const BUDGET_SLICE = 1024;

export class Search<State, Call> {
  readonly #model: Model<State, Call>;
  readonly #timeline: Timeline<Call>;
  readonly #budget: Budget;
  readonly #frontier = new Frontier<State>();
  readonly #facts: FactIndex<State, Call> | null;
  readonly #seen: Map<string, bigint[]>[] = [];
  readonly #stateNumbers = new Map<unknown, number>();
  #furthest = -1;
  #furthestStates: State[] = [];
  #end: Configuration<State> | null = null;

  constructor(model: Model<State, Call>, timeline: Timeline<Call>, budget: Budget) {
    this.#model = model;
    this.#timeline = timeline;
    this.#budget = budget;
    this.#facts = model.facts === undefined ? null : new FactIndex(model.facts, timeline);
  }

  run(): SearchResult<State> {
    const state = this.#model.initial;
    const impossible = this.#facts?.impossible(state);
    if (impossible) return { found: 'none', stuck: impossible.operation, states: [] };
    this.#frontier.add({
      from: { point: 0, state, placed: 0n, spent: 0n, spentCount: 0, ahead: 0, order: null },
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
    return { ...from, point, placed, order, ahead: point === from.point ? from.ahead : 0 };
  }

  #tryPending(from: Configuration<State>): void {
    const { returning, open, unspent } = this.#linked(from);
    if (unspent.length > 0) this.#frontier.add({ from, next: 'unknown' });
    // The last one added is tried first; the returning call has been tried.
    for (const call of onePerKind(open).reverse()) if (call !== returning && !call.readOnly) this.#place(from, call);
  }

  #place(from: Configuration<State>, call: TimedCall<Call>): void {
    for (const state of this.#step(from.state, call)) {
      const plain = placing(from, call, state);
      if (this.#facts?.isDoomed(from.state, state, call, plain) === true) continue;
      const hiding = this.#hide(from, call, plain);
      // With calls hidden before it is tried first.
      if (hiding !== plain) this.#frontier.add({ from: { ...plain, ahead: plain.ahead + 1 }, next: 'settle' });
      this.#frontier.add({ from: hiding, next: 'settle' });
    }
  }

  /** Places, just before a call, those that it overwrites and of which nobody has found anything. */
  #hide(from: Configuration<State>, call: TimedCall<Call>, plain: Configuration<State>): Configuration<State> {
    if (this.#facts === null) return plain;
    let { state, placed, order } = from;
    const key = this.#model.key(plain.state);
    for (const hidden of this.#point(from.point).pending) {
      if (hidden.readOnly || (plain.placed & hidden.bit) !== 0n || !shareKeys(hidden, call)) continue;
      if (this.#facts.isAwaited(hidden, plain)) continue;
      const [between] = this.#step(state, hidden);
      if (between === undefined) continue;
      const [after] = this.#step(between, call);
      if (after === undefined || this.#model.key(after) !== key) continue;
      state = between;
      placed |= hidden.bit;
      order = { operation: hidden.operation, before: order };
    }
    if (placed === from.placed) return plain;
    return { ...plain, placed: placed | call.bit, order: { operation: call.operation, before: order } };
  }

  #tryUnknown(from: Configuration<State>): void {
    const key = this.#model.key(from.state);
    for (const call of onePerKind(this.#linked(from).unspent).reverse()) {
      for (const state of this.#step(from.state, call)) {
        // Without an effect here it is better kept for later.
        if (this.#model.key(state) === key) continue;
        const next = spending(from, call, state);
        if (this.#facts?.isDoomed(from.state, state, call, next) === true) continue;
        this.#frontier.add({ from: next, next: 'settle' });
      }
    }
  }

  /** The calls without a place that can matter to the one that returns. */
  #linked(from: Configuration<State>): {
    returning: TimedCall<Call>;
    open: TimedCall<Call>[];
    unspent: TimedCall<Call>[];
  } {
    const { pending, returning, unknowns } = this.#point(from.point);
    const open = pending.filter((call) => (from.placed & call.bit) === 0n);
    const unspent = this.#timeline.unknowns.slice(0, unknowns).filter((call) => (from.spent & call.bit) === 0n);
    // Reads link as well: what one found may have to be undone by another call before.
    const linked = linkedTo(returning, [...open, ...unspent]);
    return { returning, open: open.filter(linked), unspent: unspent.filter(linked) };
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

/** The tasks, the most promising first: those that got far, with few calls placed ahead; among equals the newest. */
class Frontier<State> {
  readonly #stacks: Task<State>[][] = [];

  add(task: Task<State>): void {
    const { point } = task.from;
    const ahead = task.from.ahead + AHEAD[task.next];
    const at = Math.max(0, point - AHEAD_COST * ahead);
    while (this.#stacks.length <= at) this.#stacks.push([]);
    this.#stacks[at]?.push(task);
  }

  take(): Task<State> | null {
    for (let stack = this.#stacks.at(-1); stack !== undefined; stack = this.#stacks.at(-1)) {
      const task = stack.pop();
      if (task !== undefined) return task;
      this.#stacks.pop();
    }
    return null;
  }
}

function placing<State, Call>(from: Configuration<State>, call: TimedCall<Call>, state: State): Configuration<State> {
  const order = { operation: call.operation, before: from.order };
  return { ...from, state, placed: from.placed | call.bit, ahead: from.ahead + 1, order };
}

function spending<State, Call>(from: Configuration<State>, call: TimedCall<Call>, state: State): Configuration<State> {
  const order = { operation: call.operation, before: from.order };
  const [spent, ahead] = [from.spent | call.bit, from.ahead + UNKNOWN_AHEAD];
  return { ...from, state, spent, spentCount: from.spentCount + 1, ahead, order };
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
