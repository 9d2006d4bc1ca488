import { defineService } from '../../src/service/define-service.js';
import { spin } from '../workloads/work.js';

interface Work {
  /** Iterations of `spin`: CPU work that the command costs. */
  spin?: number;
}
export interface KeyArguments extends Work {
  key: string;
}
export interface KeysArguments extends Work {
  keys: string[];
}
export interface ValueArguments extends KeyArguments {
  value: string;
}
export interface SwapArguments extends Work {
  first: string;
  second: string;
}

/** A key-value store with the operations of YCSB, and `swap` as its cross-stream command. */
export default defineService({
  name: 'kv',
  commands: {
    get: {
      keys: (args: KeyArguments) => [args.key],
      readOnly: true,
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        return state.get<string>(args.key);
      },
    },
    set: {
      keys: (args: ValueArguments) => [args.key],
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        state.set(args.key, args.value);
      },
    },
    getMany: {
      keys: (args: KeysArguments) => args.keys,
      readOnly: true,
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        return args.keys.map((key) => state.get<string>(key));
      },
    },
    /** Read, modify, write in one command: keeps the end of the old value behind the new one. Returns the old value. */
    readModifyWrite: {
      keys: (args: ValueArguments) => [args.key],
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        const old = state.get<string>(args.key) ?? '';
        state.set(args.key, args.value + old.slice(args.value.length));
        return old;
      },
    },
    swap: {
      keys: (args: SwapArguments) => [args.first, args.second],
      execute: (state, args) => {
        if (args.spin !== undefined) spin(args.spin);
        const first = state.get<string>(args.first);
        state.set(args.first, state.get<string>(args.second));
        state.set(args.second, first);
      },
    },
  },
});
