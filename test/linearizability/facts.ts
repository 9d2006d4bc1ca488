/**
 * Dead ends seen early, for models that can say what a call must have found and what it leaves. What was found later must
 * not be overwritten now, unless it can be made again.
 */
import type { Fact, Facts } from './model.js';
import type { TimedCall, Timeline } from './timeline.js';

/** Which calls have their place. */
export interface Placement {
  readonly point: number;
  readonly placed: bigint;
  readonly spent: bigint;
}

/** With more calls to look at than that nothing is concluded. */
const LOOKED_AT_MAX = 16;

export class FactIndex<State, Call> {
  readonly #facts: Facts<State, Call>;
  readonly #timeline: Timeline<Call>;
  /** By return. */
  readonly #finders = new Map<string, TimedCall<Call>[]>();
  /** Of a fact, or of any about a key. */
  readonly #makers = new Map<string, TimedCall<Call>[]>();

  constructor(facts: Facts<State, Call>, timeline: Timeline<Call>) {
    this.#facts = facts;
    this.#timeline = timeline;
    const known = timeline.points.map((point) => point.returning);
    for (const call of known) for (const fact of facts.found(call.call)) add(this.#finders, textOf(fact), call);
    for (const call of [...known, ...timeline.unknowns])
      for (const fact of facts.left(call.call)) add(this.#makers, textOf(fact), call);
  }

  /** A call that found what was never there. */
  impossible(initial: State): TimedCall<Call> | null {
    const finders = this.#timeline.points.map((point) => point.returning);
    const wasNeverThere = (fact: Fact, finder: TimedCall<Call>): boolean =>
      this.#facts.valueOf(initial, fact[0]) !== fact[1] &&
      !this.#makersOf(fact).some((maker) => couldPrecede(maker, finder));
    return finders.find((finder) => this.#facts.found(finder.call).some((fact) => wasNeverThere(fact, finder))) ?? null;
  }

  /** Whether a call without a place needs what the step from one state to another has overwritten. */
  isDoomed(before: State, after: State, by: TimedCall<Call>, placement: Placement): boolean {
    return this.#facts.left(by.call).some(([key]) => {
      const value = this.#facts.valueOf(before, key);
      return value !== this.#facts.valueOf(after, key) && this.#isNeeded([key, value], placement);
    });
  }

  /** Whether a call without a place has found what this one leaves. */
  isAwaited(call: TimedCall<Call>, placement: Placement): boolean {
    return this.#facts
      .left(call.call)
      .some((fact) => this.#finders.get(textOf(fact))?.some((finder) => this.#isOpen(finder, placement)) ?? false);
  }

  #isNeeded(fact: Fact, placement: Placement): boolean {
    const makers = this.#makersOf(fact);
    if (makers.length > LOOKED_AT_MAX) return false;
    return (this.#finders.get(textOf(fact)) ?? [])
      .slice(-LOOKED_AT_MAX)
      .some(
        (finder) =>
          this.#isOpen(finder, placement) &&
          !makers.some((maker) => couldPrecede(maker, finder) && this.#isOpen(maker, placement)),
      );
  }

  #makersOf(fact: Fact): readonly TimedCall<Call>[] {
    const anything = this.#makers.get(textOf([fact[0], null]));
    const makers = this.#makers.get(textOf(fact)) ?? [];
    return anything === undefined ? makers : [...makers, ...anything];
  }

  #isOpen(call: TimedCall<Call>, { point, placed, spent }: Placement): boolean {
    if (call.point === null) return (spent & call.bit) === 0n;
    if (call.point < point) return false;
    const time = this.#timeline.points[point]?.returning.operation.returned ?? Infinity;
    return call.operation.invoked > time || (placed & call.bit) === 0n;
  }
}

function couldPrecede<Call>(maker: TimedCall<Call>, finder: TimedCall<Call>): boolean {
  return maker !== finder && maker.operation.invoked <= finder.operation.returned;
}

function textOf([key, value]: Fact): string {
  return JSON.stringify([key, value]);
}

function add<Item>(lists: Map<string, Item[]>, key: string, item: Item): void {
  const list = lists.get(key);
  if (list === undefined) lists.set(key, [item]);
  else list.push(item);
}
