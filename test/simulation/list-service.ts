/** A service whose state tells what was executed, how often and in which order; and the same on a plain Map. */
import { everyKey, type CommandContext, type Partition, type State } from '../../src/service/command.js';
import { asService, defineService } from '../../src/service/define-service.js';
import type { ModelCommand } from './model-service.js';

/** [command, the time that its handler saw]: that is to be the same on every replica, too. */
export type Mark = readonly [id: number, now: number];

/** Told of every execution of a command that writes. */
export const observer: { executed: ((id: number) => void) | null } = { executed: null };

function append(state: State, key: string, id: number, context: CommandContext): number {
  const list = state.get<readonly Mark[]>(key) ?? [];
  state.set(key, [...list, [id, context.now]]);
  return list.length + 1;
}

export const service = asService(
  defineService({
    name: 'lists',
    commands: {
      mark: {
        keys: (args: { key: string; id: number }) => [args.key],
        execute(state, args, context) {
          observer.executed?.(args.id);
          return append(state, args.key, args.id, context);
        },
      },
      markAll: {
        keys: (args: { keys: readonly string[]; id: number }) => args.keys,
        execute(state, args, context) {
          observer.executed?.(args.id);
          return [...new Set(args.keys)].map((key) => append(state, key, args.id, context));
        },
      },
      marks: {
        keys: (args: { key: string }) => [args.key],
        readOnly: true,
        execute: (state, args) => [(state.get<readonly Mark[]>(args.key) ?? []).map(([id]) => id)],
      },
      marksOf: {
        keys: (args: { keys: readonly string[] }) => ({ read: args.keys }),
        readOnly: true,
        execute: (state, args) => args.keys.map((key) => (state.get<readonly Mark[]>(key) ?? []).map(([id]) => id)),
      },
      marksEvery: {
        keys: everyKey,
        readOnly: true,
        partial: (partition: Partition) =>
          [...partition.entries<readonly Mark[]>()].map(([key, list]) => [key, list.map(([id]) => id)] as const),
        merge: (parts: readonly (readonly (readonly [string, readonly number[]])[])[]) => parts.flat(),
      },
      markEvery: {
        keys: everyKey,
        partial(partition: Partition, args: { id: number }, context) {
          let count = 0;
          for (const [key, list] of partition.entries<readonly Mark[]>()) {
            partition.set(key, [...list, [args.id, context.now]]);
            count += list.length;
          }
          return count;
        },
        merge: (parts: readonly number[]) => parts.reduce((a, b) => a + b, 0),
      },
    },
  }),
);

/** One by one, on one Map. */
export class ListModel {
  readonly lists = new Map<string, number[]>();

  run([name, args]: ModelCommand): unknown {
    const { key = '', keys = [], id = 0 } = args as { key?: string; keys?: string[]; id?: number };
    switch (name) {
      case 'mark':
        return this.#append(key, id);
      case 'markAll':
        return [...new Set(keys)].map((each) => this.#append(each, id));
      case 'markEvery': {
        let count = 0;
        for (const list of this.lists.values()) count += list.push(id) - 1;
        return count;
      }
      default:
        return null;
    }
  }

  #append(key: string, id: number): number {
    const list = this.lists.get(key) ?? [];
    this.lists.set(key, list);
    return list.push(id);
  }
}

export function randomCommand(random: () => number, keys: readonly string[], id: number): ModelCommand {
  const pick = (): string => keys[Math.floor(random() * keys.length)] as string;
  const many = Array.from({ length: 2 + Math.floor(random() * 3) }, pick);
  const roll = random();
  if (roll < 0.4) return ['mark', { key: pick(), id }];
  if (roll < 0.65) return ['markAll', { keys: many, id }];
  if (roll < 0.83) return ['marks', { key: pick(), id }];
  if (roll < 0.91) return ['marksOf', { keys: [...new Set(many)], id }];
  return roll < 0.96 ? ['marksEvery', { id }] : ['markEvery', { id }];
}
