/** What a history is checked against: an object that executes one operation after another. */
import type { Operation } from './operation.js';

/**
 * `State` is never changed in place. `Call` is an operation as the model reads it, with what it returned; where the
 * outcome is unknown it has no result and fits whatever it would return.
 */
export interface Model<State, Call> {
  readonly name: string;
  readonly initial: State;
  /** Throws where it is no operation of this model. Never asked for one that failed. */
  readonly parse: (operation: Operation) => Call;
  /** The states after the call in that state; none: the call cannot have returned what it did in that state. */
  readonly step: (state: State, call: Call) => readonly State[];
  /** In no state does a call with this result change anything. */
  readonly readOnly: (call: Call) => boolean;
  /** Equal (as keys of a Map are) for equal states only, and for all of them. */
  readonly key: (state: State) => unknown;
  /** The keys that it touches; calls without common keys do not see each other. Null: all keys. */
  readonly keysOf: (call: Call) => readonly string[] | null;
  readonly describe: (state: State) => string;
  /** What makes the search much faster; only where values under keys are all that calls see. */
  readonly facts?: Facts<State, Call>;
}

/** A value, as text, under a key; null: any value. */
export type Fact = readonly [key: string, value: string | null];

export interface Facts<State, Call> {
  /** What was true just before the call, as its result shows. */
  found(call: Call): readonly Fact[];
  /** What the call may have made true; nothing else has it changed. */
  left(call: Call): readonly Fact[];
  valueOf(state: State, key: string): string;
}

/** The same model, searched without looking ahead. */
export function withoutFacts<State, Call>(model: Model<State, Call>): Model<State, Call> {
  const { name, initial, parse, step, readOnly, key, keysOf, describe } = model;
  return { name, initial, parse, step, readOnly, key, keysOf, describe };
}
