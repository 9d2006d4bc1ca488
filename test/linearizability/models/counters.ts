/** Counters, 0 at first. What `add` returns, if it is a number, is the sum after it. */
import { z } from 'zod';
import type { Model } from '../model.js';
import { describeState, keyOfState, type KeyedState, withValues } from './keyed-state.js';
import { reader } from './unreadable.js';

const key = z.string();

const operation = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('add'),
    input: z.object({ key, by: z.number() }),
    output: z.number().nullable().optional(),
  }),
  z.object({ command: z.literal('read'), input: z.object({ key }), output: z.number().optional() }),
]);

export type CounterCall = z.output<typeof operation>;
type State = KeyedState<number>;

export const counters: Model<State, CounterCall> = {
  name: 'counters',
  initial: new Map(),
  parse: reader('counters', operation),
  step: (state, call) => {
    const sum = (state.get(call.input.key) ?? 0) + (call.command === 'add' ? call.input.by : 0);
    if (typeof call.output === 'number' && call.output !== sum) return [];
    return [call.command === 'add' ? withValues(state, [[call.input.key, sum]]) : state];
  },
  readOnly: (call) => call.command === 'read',
  key: (state) => keyOfState(state, '0', String),
  keysOf: (call) => [call.input.key],
  describe: (state) => describeState(keyOfState(state, '0', String)),
};
