/**
 * The least that executing a kv log can cost: one thread decodes the same batches and updates a Map. No engine, no
 * replies, no checks: what the engine's single stream is measured against.
 */
import { decodeCommandBatch } from '../../src/execution/command-batch.js';
import { decodeCommandsFrame } from '../../src/transport/frames.js';
import type { LogEntry } from '../logs/ordered-logs.js';
import type { KeyArguments, KeysArguments, SwapArguments, ValueArguments } from '../services/kv.js';
import { spin } from '../workloads/work.js';

export type PlainValues = Map<string, string | undefined>;

/**
 * Executes an entry of a one-stream log of kv. Keep the results, as whoever replies would: a compiler that sees a read
 * nobody uses leaves it out, and what is left is no execution.
 */
export function executePlainly(state: PlainValues, entry: LogEntry): unknown[] {
  const results: unknown[] = [];
  for (const frame of entry.frames) {
    for (const { body, count } of decodeCommandsFrame(frame).segments) {
      const { names, indexes, args } = decodeCommandBatch(body, count);
      for (let i = 0; i < count; i++) results.push(executeCommand(state, names[indexes[i] ?? 0], args[i]));
    }
  }
  return results;
}

function executeCommand(state: PlainValues, name: string | undefined, args: unknown): unknown {
  // The batches are made of kv's commands by this benchmark: their arguments are what the names say.
  switch (name) {
    case 'get':
      return get(state, args as KeyArguments);
    case 'set':
      set(state, args as ValueArguments);
      return undefined;
    case 'getMany':
      return getMany(state, args as KeysArguments);
    case 'readModifyWrite':
      return readModifyWrite(state, args as ValueArguments);
    case 'swap':
      swap(state, args as SwapArguments);
      return undefined;
    default:
      throw new RangeError(`the plain loop knows no '${name}'`);
  }
}

function get(state: PlainValues, args: KeyArguments): string | undefined {
  if (args.spin !== undefined) spin(args.spin);
  return state.get(args.key);
}

function set(state: PlainValues, args: ValueArguments): void {
  if (args.spin !== undefined) spin(args.spin);
  state.set(args.key, args.value);
}

function getMany(state: PlainValues, args: KeysArguments): (string | undefined)[] {
  if (args.spin !== undefined) spin(args.spin);
  return args.keys.map((key) => state.get(key));
}

function readModifyWrite(state: PlainValues, args: ValueArguments): string {
  if (args.spin !== undefined) spin(args.spin);
  const old = state.get(args.key) ?? '';
  state.set(args.key, args.value + old.slice(args.value.length));
  return old;
}

function swap(state: PlainValues, args: SwapArguments): void {
  if (args.spin !== undefined) spin(args.spin);
  const first = state.get(args.first);
  state.set(args.first, state.get(args.second));
  state.set(args.second, first);
}
