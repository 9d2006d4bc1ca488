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
  parse(operation: Operation): Call;
  /** The states after the call in that state; none: the call cannot have returned what it did in that state. */
  step(state: State, call: Call): readonly State[];
  /** In no state does a call with this result change anything. */
  readOnly(call: Call): boolean;
  /** Equal (as keys of a Map are) for equal states only, and for all of them. */
  key(state: State): unknown;
  /** The keys that it touches; calls without common keys do not see each other. Null: all keys. */
  keysOf(call: Call): readonly string[] | null;
  describe(state: State): string;
}
