/** Registers: what the checker's model of the same name says, as a service. */
import { defineService } from 'psmr';

export type Value = string | number | null;

const registers = defineService({
  name: 'registers',
  commands: {
    read: {
      keys: (a: { key: string }) => [a.key],
      readOnly: true,
      execute: (state, a): Value => state.get<Value>(a.key) ?? null,
    },
    readAll: {
      keys: (a: { keys: readonly string[] }) => a.keys,
      readOnly: true,
      execute: (state, a): Value[] => a.keys.map((key) => state.get<Value>(key) ?? null),
    },
    write: {
      keys: (a: { key: string; value: Value }) => [a.key],
      execute(state, a): void {
        state.set(a.key, a.value);
      },
    },
    writeAll: {
      keys: (a: { entries: readonly (readonly [string, Value])[] }) => a.entries.map(([key]) => key),
      execute(state, a): void {
        for (const [key, value] of a.entries) state.set(key, value);
      },
    },
    cas: {
      keys: (a: { key: string; from: Value; to: Value }) => [a.key],
      execute(state, a): boolean {
        if ((state.get<Value>(a.key) ?? null) !== a.from) return false;
        state.set(a.key, a.to);
        return true;
      },
    },
    swap: {
      keys: (a: { one: string; other: string }) => [a.one, a.other],
      execute(state, a): readonly [Value, Value] {
        const found = [state.get<Value>(a.one) ?? null, state.get<Value>(a.other) ?? null] as const;
        state.set(a.one, found[1]);
        state.set(a.other, found[0]);
        return found;
      },
    },
  },
});

export default registers;
