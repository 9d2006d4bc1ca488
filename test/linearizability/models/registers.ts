/** Registers, null at first, that are read, written, compared and set, swapped; also several at once. */
import { z } from 'zod';
import type { Fact, Facts, Model } from '../model.js';
import { describeState, keyOfState, type KeyedState, withValues } from './keyed-state.js';
import { reader } from './unreadable.js';

/** What any JSON value is kept and compared as. */
const json = z.unknown().transform((value) => JSON.stringify(value ?? null));
const told = z.unknown().transform((value) => (value === undefined ? undefined : JSON.stringify(value)));
const key = z.string();

const operation = z.discriminatedUnion('command', [
  z.object({ command: z.literal('read'), input: z.object({ key }), output: told }),
  z.object({
    command: z.literal('readAll'),
    input: z.object({ keys: z.array(key) }),
    output: z.array(json).optional(),
  }),
  z.object({ command: z.literal('write'), input: z.object({ key, value: json }) }),
  z.object({ command: z.literal('writeAll'), input: z.object({ entries: z.array(z.tuple([key, json])) }) }),
  z.object({
    command: z.literal('cas'),
    input: z.object({ key, from: json, to: json }),
    /** Whether it was set. */
    output: z.boolean().optional(),
  }),
  /** Exchanges two registers' values; returns those that it found. */
  z.object({
    command: z.literal('swap'),
    input: z.object({ one: key, other: key }),
    output: z.tuple([json, json]).optional(),
  }),
]);

export type RegisterCall = z.output<typeof operation>;
type State = KeyedState<string>;

const NULL = 'null';

function valueOf(state: State, register: string): string {
  return state.get(register) ?? NULL;
}

function step(state: State, call: RegisterCall): readonly State[] {
  switch (call.command) {
    case 'read':
      return call.output === undefined || valueOf(state, call.input.key) === call.output ? [state] : [];
    case 'readAll': {
      const { output } = call;
      return output === undefined || call.input.keys.every((one, at) => valueOf(state, one) === output[at])
        ? [state]
        : [];
    }
    case 'write':
      return [withValues(state, [[call.input.key, call.input.value]])];
    case 'writeAll':
      return [withValues(state, call.input.entries)];
    case 'cas': {
      const fits = valueOf(state, call.input.key) === call.input.from;
      if (call.output !== undefined && call.output !== fits) return [];
      return [fits ? withValues(state, [[call.input.key, call.input.to]]) : state];
    }
    case 'swap': {
      const { one, other } = call.input;
      const [first, second] = [valueOf(state, one), valueOf(state, other)];
      if (call.output !== undefined && (call.output[0] !== first || call.output[1] !== second)) return [];
      return [
        withValues(state, [
          [one, second],
          [other, first],
        ]),
      ];
    }
  }
}

function keysOf({ command, input }: RegisterCall): readonly string[] {
  switch (command) {
    case 'readAll':
      return input.keys;
    case 'writeAll':
      return input.entries.map(([one]) => one);
    case 'swap':
      return [input.one, input.other];
    default:
      return [input.key];
  }
}

function found(call: RegisterCall): readonly Fact[] {
  switch (call.command) {
    case 'read':
      return call.output === undefined ? [] : [[call.input.key, call.output]];
    case 'readAll':
      return call.output?.map((value, at) => [call.input.keys[at] ?? '', value]) ?? [];
    case 'cas':
      return call.output === true ? [[call.input.key, call.input.from]] : [];
    case 'swap':
      return call.output === undefined
        ? []
        : [
            [call.input.one, call.output[0]],
            [call.input.other, call.output[1]],
          ];
    default:
      return [];
  }
}

function left(call: RegisterCall): readonly Fact[] {
  const { command, input } = call;
  switch (command) {
    case 'write':
      return [[input.key, input.value]];
    case 'writeAll':
      return input.entries;
    case 'cas':
      return call.output === false ? [] : [[input.key, input.to]];
    case 'swap': {
      const [first, second] = call.output ?? [null, null];
      return [
        [input.one, second],
        [input.other, first],
      ];
    }
    default:
      return [];
  }
}

const facts: Facts<State, RegisterCall> = { found, left, valueOf };

export const registers: Model<State, RegisterCall> = {
  name: 'registers',
  initial: new Map(),
  parse: reader('registers', operation),
  step,
  readOnly: (call) =>
    call.command === 'read' || call.command === 'readAll' || (call.command === 'cas' && call.output === false),
  key: (state) => keyOfState(state, NULL, (text) => text),
  keysOf,
  facts,
  describe: (state) => describeState(keyOfState(state, NULL, (text) => text)),
};
