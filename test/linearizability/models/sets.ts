/** Sets, empty at first. What `add` and `remove` return, if it is a boolean, is whether they changed anything. */
import { z } from 'zod';
import type { Model } from '../model.js';
import { describeState, keyOfState, type KeyedState, withValues } from './keyed-state.js';
import { reader } from './unreadable.js';

const element = z.unknown().transform((value) => JSON.stringify(value ?? null));
const one = z.object({ key: z.string(), element });
const told = z.boolean().nullable().optional();

const operation = z.discriminatedUnion('command', [
  z.object({ command: z.literal('add'), input: one, output: told }),
  z.object({ command: z.literal('remove'), input: one, output: told }),
  z.object({ command: z.literal('contains'), input: one, output: z.boolean().optional() }),
  /** In any order. */
  z.object({
    command: z.literal('members'),
    input: z.object({ key: z.string() }),
    output: z
      .array(element)
      .transform((elements) => elements.sort().join())
      .optional(),
  }),
]);

export type SetCall = z.output<typeof operation>;
/** Sorted. */
type Elements = readonly string[];
type State = KeyedState<Elements>;

const EMPTY: Elements = [];

function step(state: State, call: SetCall): readonly State[] {
  const elements = state.get(call.input.key) ?? EMPTY;
  if (call.command === 'members') return call.output === undefined || call.output === elements.join() ? [state] : [];
  const has = elements.includes(call.input.element);
  const { element: subject } = call.input;
  if (call.command === 'contains') return call.output === undefined || call.output === has ? [state] : [];
  const changes = has === (call.command === 'remove');
  if (typeof call.output === 'boolean' && call.output !== changes) return [];
  if (!changes) return [state];
  const next = has ? elements.filter((other) => other !== subject) : [...elements, subject].sort();
  return [withValues(state, [[call.input.key, next]])];
}

const key = (state: State): string => keyOfState(state, '[]', (elements) => `[${elements.join()}]`);

export const sets: Model<State, SetCall> = {
  name: 'sets',
  initial: new Map(),
  parse: reader('sets', operation),
  step,
  readOnly: (call) => call.command === 'contains' || call.command === 'members' || call.output === false,
  key,
  keysOf: (call) => [call.input.key],
  describe: (state) => describeState(key(state)),
};
