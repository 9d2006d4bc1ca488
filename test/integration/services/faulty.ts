/** Everything a handler must not do, a command each. `write` puts a value first, to show that it is taken back. */
import { defineService, everyKey, type State } from 'psmr';

interface Arguments {
  readonly key: string;
}

const keys = (a: Arguments): readonly string[] => [a.key];

function faulty(act: (state: State) => unknown): { keys: typeof keys; execute(state: State, a: Arguments): unknown } {
  return {
    keys,
    execute(state, a) {
      state.set(a.key, 'written by a command that failed');
      return act(state);
    },
  };
}

const cycle: unknown[] = [];
cycle.push(cycle);

const service = defineService({
  name: 'faulty',
  commands: {
    throws: faulty(() => {
      throw new Error('no, thank you');
    }),
    throwsNothing: faulty(() => {
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what the command is for
      throw undefined;
    }),
    throwsWhatHasNoText: faulty(() => {
      throw Object.create(null);
    }),
    throwsWhatCannotBeLookedAt: faulty(() => {
      const trap = (): never => {
        throw new Error('do not look');
      };
      // eslint-disable-next-line @typescript-eslint/only-throw-error -- what the command is for
      throw new Proxy({}, { get: trap, getPrototypeOf: trap });
    }),
    throwsAnErrorWithoutText: faulty(() => {
      throw Object.assign(new Error(), { message: { text: 'in an object' } });
    }),
    overflowsTheStack: faulty(function recurse(state): unknown {
      return [recurse(state)];
    }),
    returnsAPromise: faulty(() => Promise.resolve(1)),
    rejectsLater: faulty(async (state) => {
      await Promise.resolve();
      state.set('k', 'written too late');
    }),
    storesARejection: faulty((state) => state.set('k', { inside: Promise.reject(new Error('too late')) })),
    usesTheClock: faulty(() => Date.now()),
    makesADate: faulty(() => new Date()),
    usesRandomness: faulty(() => Math.random()),
    startsATimer: faulty(() => setTimeout(() => undefined, 1)),
    readsAnUndeclaredKey: faulty((state) => state.get('another')),
    writesAnUndeclaredKey: faulty((state) => state.set('another', 1)),
    returnsAFunction: faulty(() => () => 1),
    returnsACycle: faulty(() => cycle),
    storesAFunction: { keys, execute: (state, a: Arguments) => state.set(a.key, { inside: () => 1 }) },
    storesACycle: { keys, execute: (state, a: Arguments) => state.set(a.key, cycle) },
    exits: faulty(() => process.exit(9)),
    changesAValueInPlace: {
      keys,
      execute: (state, a: Arguments) => state.get<number[]>(a.key)?.push(1),
    },
    writesThoughReadOnly: { keys, readOnly: true, execute: (state, a: Arguments) => state.set(a.key, 1) },
    hasKeysThatThrow: {
      keys: (a: Arguments): readonly string[] => {
        throw new Error(`no keys for ${a.key}`);
      },
      execute: () => 1,
    },
    everywhereThrows: {
      keys: everyKey,
      partial(partition, a: Arguments) {
        for (const [key] of partition.entries()) partition.set(key, 'written by a command that failed');
        if (a.key === 'partial') throw new Error('no part');

        if (a.key === 'partial, without text') throw Object.create(null);
        if (a.key === 'partial, rejected later') return Promise.reject(new Error('too late'));
        return 1;
      },
      merge(_, a: Arguments) {
        if (a.key === 'merge') throw new Error('no sum');
        return 1;
      },
    },
    /** Its keys are a part of its arguments, and it changes these. */
    sortsItsArguments: {
      keys: (a: { list: string[] }) => a.list,
      execute(state, a: { list: string[] }) {
        for (const key of a.list.sort()) state.set(key, `written to ${key}`);
      },
    },
    declaresByChangingItsArguments: {
      keys: (a: { list: string[] }) => ({ write: a.list }),
      execute(state, a: { list: string[] }) {
        a.list[0] = 'another';
        state.set('another', 1);
      },
    },
    /** What its partial finds decides what its merge throws. */
    changesArgumentsInItsPartial: {
      keys: everyKey,
      partial(partition, a: { found: string[] }) {
        for (const [key] of partition.entries()) {
          a.found.push(key);
          partition.set(key, 'written by a command that failed');
        }
        return a.found.length;
      },
      merge(parts: readonly number[], a: { found: string[] }) {
        if (a.found.length !== parts[0]) throw new Error('no sum');
        return 1;
      },
    },
    put: { keys: (a: { key: string; value: unknown }) => [a.key], execute: (state, a) => state.set(a.key, a.value) },
    get: { keys, readOnly: true, execute: (state, a: Arguments): unknown => state.get<unknown>(a.key) },
  },
});

export default service;
