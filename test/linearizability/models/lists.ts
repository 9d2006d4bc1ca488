/** Lists, empty at first, to which is appended. What `append` returns, if it is a number, is the length after it. */
import { z } from 'zod';
import type { Model } from '../model.js';
import type { Operation } from '../operation.js';
import { describeState, keyOfState, type KeyedState, withValues } from './keyed-state.js';
import { reader } from './unreadable.js';

const element = z.unknown().transform((value) => JSON.stringify(value ?? null));
const key = z.string();

const operation = z.discriminatedUnion('command', [
  z.object({
    command: z.literal('append'),
    input: z.object({ key, element }),
    output: z.number().nullable().optional(),
  }),
  z.object({ command: z.literal('elements'), input: z.object({ key }), output: z.array(element).optional() }),
]);

/** A list that is there once: equal lists are the same object. */
class List {
  readonly #longer = new Map<string, List>();
  readonly before: List | null;
  readonly last: string;
  readonly length: number;
  readonly number: number;

  constructor(before: List | null, last: string, numbers: { next: number }) {
    this.before = before;
    this.last = last;
    this.length = before === null ? 0 : before.length + 1;
    this.number = numbers.next++;
  }

  append(appended: string, numbers: { next: number }): List {
    const found = this.#longer.get(appended);
    if (found !== undefined) return found;
    const longer = new List(this, appended, numbers);
    this.#longer.set(appended, longer);
    return longer;
  }

  get elements(): readonly string[] {
    return this.before === null ? [] : [...this.before.elements, this.last];
  }
}

export type ListCall =
  | { readonly command: 'append'; readonly key: string; readonly element: string; readonly length: number | null }
  | { readonly command: 'elements'; readonly key: string; readonly list: List | null };

/** Keeps all lists that it has met: make one per check. */
export function lists(): Model<KeyedState<List>, ListCall> {
  const numbers = { next: 0 };
  const empty = new List(null, '', numbers);
  const read = reader('lists', operation);
  return {
    name: 'lists',
    initial: new Map(),
    parse(given: Operation): ListCall {
      const { command, input, output } = read(given);
      if (command === 'append') return { command, key: input.key, element: input.element, length: output ?? null };
      const list = output?.reduce((shorter, one) => shorter.append(one, numbers), empty) ?? null;
      return { command, key: input.key, list };
    },
    step(state, call) {
      const list = state.get(call.key) ?? empty;
      if (call.command === 'elements') return call.list === null || call.list === list ? [state] : [];
      const next = list.append(call.element, numbers);
      return call.length === null || call.length === next.length ? [withValues(state, [[call.key, next]])] : [];
    },
    readOnly: (call) => call.command === 'elements',
    key: (state) => keyOfState(state, String(empty.number), (list) => String(list.number)),
    keysOf: (call) => [call.key],
    describe: (state) => describeState(keyOfState(state, '[]', (list) => `[${list.elements.join()}]`)),
  };
}
