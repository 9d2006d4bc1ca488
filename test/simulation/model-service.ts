/** A service that uses everything a service may, and the same commands on a plain Map: the sequential model. */
import { everyKey, type Partition } from '../../src/service/command.js';
import { asService, defineService } from '../../src/service/define-service.js';

interface One {
  readonly key: string;
  readonly by: number;
}
interface Two {
  readonly from: string;
  readonly to: string;
  readonly by: number;
}
interface Many {
  readonly keys: readonly string[];
  readonly by: number;
}

const number = (value: number | undefined): number => value ?? 0;

const modelService = defineService({
  name: 'model',
  commands: {
    add: {
      keys: (args: One) => [args.key],
      execute(state, args) {
        const next = number(state.get<number>(args.key)) + args.by;
        if (args.by % 7 === 0) state.delete(args.key);
        else state.set(args.key, next);
        return next;
      },
    },
    read: {
      keys: (args: One) => [args.key],
      readOnly: true,
      execute: (state, args) => [state.get<number>(args.key) ?? null, state.has(args.key)],
    },
    move: {
      keys: (args: Two) => [args.from, args.to],
      execute(state, args) {
        state.set(args.from, number(state.get<number>(args.from)) - args.by);
        if (args.by % 5 === 0) throw new Error(`no ${args.by}`);
        state.set(args.to, number(state.get<number>(args.to)) + args.by);
        return [state.get<number>(args.from), state.get<number>(args.to)];
      },
    },
    spread: {
      keys: (args: Many) => args.keys,
      execute(state, args) {
        let sum = 0;
        for (const key of args.keys) sum += number(state.get<number>(key));
        for (const key of args.keys) state.set(key, sum + args.by);
        return sum;
      },
    },
    sumOf: {
      keys: (args: Many) => ({ read: args.keys }),
      readOnly: true,
      execute: (state, args) => args.keys.map((key) => [state.get<number>(key) ?? 'none', state.has(key)]),
    },
    copy: {
      keys: (args: Two) => ({ read: [args.from], write: [args.to] }),
      execute(state, args) {
        const value = number(state.get<number>(args.from));
        state.set(args.to, value + 1);
        return value;
      },
    },
    total: {
      keys: everyKey,
      readOnly: true,
      partial: (partition: Partition) => {
        let sum = 0;
        for (const [, value] of partition.entries<number>()) sum += value;
        return sum;
      },
      merge: (parts: readonly number[]) => parts.reduce((a, b) => a + b, 0),
    },
    raise: {
      keys: everyKey,
      partial: (partition: Partition, args: { by: number }) => {
        let count = 0;
        for (const [key, value] of partition.entries<number>()) {
          if (key.endsWith('3') && args.by % 3 === 0) throw new Error(`not ${key}`);
          partition.set(key, value + args.by);
          count++;
        }
        return count;
      },
      merge: (parts: readonly number[], args: { by: number }) => {
        if (args.by % 4 === 0) throw new Error('refused in merge');
        return parts.reduce((a, b) => a + b, 0);
      },
    },
  },
});

export const service = asService(modelService);
export type ModelCommand = readonly [name: string, args: Record<string, unknown>];
export type ModelOutcome = { readonly value: unknown } | { readonly error: string };

/** The same commands, one by one, on one Map: what every parallel execution must equal. */
export class SequentialModel {
  /** `shared` keys are placed everywhere: scans do not see them. */
  constructor(
    private readonly isShared: (key: string) => boolean,
    readonly content = new Map<string, number>(),
  ) {}

  run([name, args]: ModelCommand): ModelOutcome {
    const before = new Map(this.content);
    try {
      return { value: this.#execute(name, args) };
    } catch (error) {
      this.content.clear();
      for (const [key, value] of before) this.content.set(key, value);
      return { error: (error as Error).message };
    }
  }

  #execute(name: string, args: Record<string, unknown>): unknown {
    const { key, from, to, by, keys } = args as { key: string; from: string; to: string; by: number; keys: string[] };
    const get = (at: string): number => this.content.get(at) ?? 0;
    switch (name) {
      case 'add': {
        const next = get(key) + by;
        if (by % 7 === 0) this.content.delete(key);
        else this.content.set(key, next);
        return next;
      }
      case 'read':
        return [this.content.get(key) ?? null, this.content.has(key)];
      case 'move':
        this.content.set(from, get(from) - by);
        if (by % 5 === 0) throw new Error(`no ${by}`);
        this.content.set(to, get(to) + by);
        return [get(from), get(to)];
      case 'spread': {
        const sum = keys.reduce((total, at) => total + get(at), 0);
        for (const at of keys) this.content.set(at, sum + by);
        return sum;
      }
      case 'sumOf':
        return keys.map((at) => [this.content.get(at) ?? 'none', this.content.has(at)]);
      case 'copy': {
        const value = get(from);
        this.content.set(to, value + 1);
        return value;
      }
      case 'total':
        return this.#own().reduce((total, [, value]) => total + value, 0);
      case 'raise': {
        const own = this.#own();
        const refused = by % 3 === 0 && own.some(([at]) => at.endsWith('3'));
        // Which partition says so first is the engine's business; the model only knows that one does.
        if (refused) throw new Error('not *');
        for (const [at, value] of own) this.content.set(at, value + by);
        if (by % 4 === 0) throw new Error('refused in merge');
        return own.length;
      }
      default:
        throw new Error(`the model has no command ${name}`);
    }
  }

  #own(): [string, number][] {
    return [...this.content].filter(([key]) => !this.isShared(key));
  }
}

/** The id makes every command different, so that an outcome can only belong to one. */
export function randomCommand(random: () => number, keys: readonly string[], id: number): ModelCommand {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const by = Math.floor(random() * 50);
  const many = Array.from({ length: 2 + Math.floor(random() * 5) }, () => pick(keys));
  const roll = random();
  if (roll < 0.45) return ['add', { key: pick(keys), by, id }];
  if (roll < 0.55) return ['read', { key: pick(keys), by, id }];
  if (roll < 0.7) return ['move', { from: pick(keys), to: pick(keys), by, id }];
  if (roll < 0.78) return ['spread', { keys: many, by, id, padding: 'x'.repeat(random() < 0.2 ? 3000 : 0) }];
  if (roll < 0.84) return ['sumOf', { keys: many, by, id }];
  if (roll < 0.92) return ['copy', { from: pick(keys), to: pick(keys), by, id }];
  return roll < 0.96 ? ['total', { id }] : ['raise', { by, id }];
}
