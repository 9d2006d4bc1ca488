/** A history's calls, arranged for the search: return after return, and who was under way at each. */
import type { Model } from './model.js';
import type { Operation } from './operation.js';

export interface TimedCall<Call> {
  readonly operation: Operation;
  readonly call: Call;
  readonly readOnly: boolean;
  /** Calls of one kind are told apart only by when they were under way. */
  readonly kind: string;
  /** Null: all. */
  readonly keys: readonly string[] | null;
  /** At which return point it returns; null: its outcome is unknown. */
  readonly point: number | null;
  /** Stands for the call in sets of those under way, or, with an unknown outcome, in sets of those. */
  readonly bit: bigint;
}

/** A moment just before a call returned. */
export interface ReturnPoint<Call> {
  readonly returning: TimedCall<Call>;
  /** With known outcomes, by when they return, `returning` first. */
  readonly pending: readonly TimedCall<Call>[];
  readonly pendingReads: readonly TimedCall<Call>[];
  /** Those of `pendingReads` that were not under way at the point before. */
  readonly newReads: readonly TimedCall<Call>[];
  /** How many of the timeline's unknown calls had been invoked. */
  readonly unknowns: number;
}

export interface Timeline<Call> {
  readonly points: readonly ReturnPoint<Call>[];
  /** Whose outcomes are unknown, by invocation; those that only read are left out, as nothing can follow from them. */
  readonly unknowns: readonly TimedCall<Call>[];
}

export function timelineOf<State, Call>(model: Model<State, Call>, operations: readonly Operation[]): Timeline<Call> {
  const calls = operations
    .filter((operation) => operation.outcome !== 'fail')
    .sort((a, b) => a.invoked - b.invoked)
    .map((operation) => unslotted(model, operation));
  const unknowns = calls
    .filter((call) => call.operation.outcome === 'info' && !call.readOnly)
    .map((call, at) => ({ ...call, bit: 1n << BigInt(at) }));
  const known = withPoints(withSlots(calls.filter((call) => call.operation.outcome === 'ok')));
  return { points: pointsOf(known, unknowns), unknowns };
}

function unslotted<State, Call>(model: Model<State, Call>, operation: Operation): TimedCall<Call> {
  const call = model.parse(operation);
  const { command, input, outcome, output } = operation;
  const kind = JSON.stringify([command, input, outcome, output ?? null]);
  return { operation, call, readOnly: model.readOnly(call), kind, keys: model.keysOf(call), point: null, bit: 0n };
}

/** Gives calls that are under way at the same time different bits, the lowest possible. */
function withSlots<Call>(byInvocation: readonly TimedCall<Call>[]): TimedCall<Call>[] {
  const freeFrom: number[] = [];
  return byInvocation.map((call) => {
    const found = freeFrom.findIndex((time) => time < call.operation.invoked);
    const slot = found === -1 ? freeFrom.length : found;
    freeFrom[slot] = call.operation.returned;
    return { ...call, bit: 1n << BigInt(slot) };
  });
}

function withPoints<Call>(byInvocation: readonly TimedCall<Call>[]): TimedCall<Call>[] {
  const byReturn = byInvocation.toSorted((a, b) => a.operation.returned - b.operation.returned);
  const points = new Map(byReturn.map((call, at) => [call, at]));
  return byInvocation.map((call) => ({ ...call, point: points.get(call) ?? null }));
}

function pointsOf<Call>(
  byInvocation: readonly TimedCall<Call>[],
  unknowns: readonly TimedCall<Call>[],
): ReturnPoint<Call>[] {
  const byReturn = byInvocation.toSorted((a, b) => (a.point ?? 0) - (b.point ?? 0));
  let pending: TimedCall<Call>[] = [];
  let invoked = 0;
  let unknownsInvoked = 0;
  return byReturn.map((returning) => {
    const time = returning.operation.returned;
    const begun = byInvocation.slice(invoked, countUntil(byInvocation, invoked, time));
    invoked += begun.length;
    unknownsInvoked = countUntil(unknowns, unknownsInvoked, time);
    const now = [...pending, ...begun].sort((a, b) => (a.point ?? 0) - (b.point ?? 0));
    pending = now.filter((call) => call !== returning);
    return {
      returning,
      pending: [returning, ...pending],
      pendingReads: now.filter((call) => call.readOnly),
      newReads: begun.filter((call) => call.readOnly),
      unknowns: unknownsInvoked,
    };
  });
}

/** How many had been invoked at a time, given that `from` had. */
function countUntil<Call>(calls: readonly TimedCall<Call>[], from: number, time: number): number {
  let count = from;
  while ((calls[count]?.operation.invoked ?? Infinity) <= time) count++;
  return count;
}
