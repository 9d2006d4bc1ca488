/**
 * An hour of one stock's orders as a recording (LOBSTER: `seconds, type, order id, size, price, side` per line, no
 * header) tells it, as commands of the exchange, each with the result that the recording proves.
 */
import type { FeedCommand } from 'psmr';
import { opposite, type Fill } from './book.js';
import type { SideName } from './queues.js';

export interface RecordedCommand {
  readonly command: FeedCommand;
  readonly timestampMs: number;
  /** Of an order: whom it trades with. Of a cancel: how much is taken back. */
  readonly expected: readonly Fill[] | number;
}

export interface Replay {
  readonly symbol: string;
  readonly commands: readonly RecordedCommand[];
  /** What rests in the end, best price first. */
  readonly depth: Readonly<Record<SideName, readonly (readonly [price: number, size: number])[]>>;
  /** Orders that were older than the recording. */
  readonly older: number;
  /** Executions of an order while an older one rested at its price: replayed as a cancel. */
  readonly outOfTurn: number;
  /** Executions of hidden orders, which no book shows: left out. */
  readonly hidden: number;
}

/** Who rests, and who takes: the recording names nobody. */
export const MAKER = 'maker';
export const TAKER = 'taker';

type Kind = 'add' | 'reduce' | 'delete' | 'execute' | 'hidden';
const KINDS: readonly (Kind | undefined)[] = [undefined, 'add', 'reduce', 'delete', 'execute', 'hidden'];

interface Message {
  readonly timestampMs: number;
  readonly kind: Kind;
  readonly id: string;
  readonly size: number;
  readonly price: number;
  readonly side: SideName;
}

interface Resting {
  size: number;
}

/** Throws, naming the line, where the text is no such recording. */
export function parseRecording(text: string, symbol: string): Replay {
  const messages = text.split(/\r?\n/).flatMap((line, at) => (line === '' ? [] : [parseMessage(line, at + 1)]));
  const visible = messages.filter(({ kind }) => kind !== 'hidden');
  const older = olderOrders(visible);
  const plan = new Plan(symbol);
  for (const message of inOrderOfIds(older, visible)) plan.add(message);
  return {
    ...{ symbol, commands: plan.commands, outOfTurn: plan.outOfTurn },
    ...{ older: older.length, hidden: messages.length - visible.length },
    depth: { buy: plan.depth('buy'), sell: plan.depth('sell') },
  };
}

function parseMessage(line: string, number: number): Message {
  const fields = line.split(',').map(Number);
  const [seconds = NaN, type = NaN, id = NaN, size = NaN, price = NaN, direction = NaN] = fields;
  const kind = KINDS[type];
  if (fields.length !== 6 || fields.some(Number.isNaN) || kind === undefined)
    throw new Error(`line ${number} is '${line}'; it must be seconds,type (1 to 5),order id,size,price,side (1 or -1)`);
  const side = direction === 1 ? 'buy' : 'sell';
  return { timestampMs: Math.floor(seconds * 1000), kind, id: String(id), size, price, side };
}

/** What later messages tell of orders that the recording does not add, by their ids. */
function olderOrders(messages: readonly Message[]): Message[] {
  const added = new Set(messages.filter(({ kind }) => kind === 'add').map(({ id }) => id));
  const older = new Map<string, Message>();
  for (const message of messages) {
    if (added.has(message.id)) continue;
    const size = (older.get(message.id)?.size ?? 0) + message.size;
    older.set(message.id, { ...message, kind: 'add', size });
  }
  return [...older.values()].sort((a, b) => Number(a.id) - Number(b.id));
}

/** Ids are given in order of time, by and large: an older order comes before the first that is added with a higher id. */
function* inOrderOfIds(older: readonly Message[], messages: readonly Message[]): Generator<Message> {
  let next = 0;
  for (const message of messages) {
    for (let order = older[next]; order !== undefined && Number(order.id) <= Number(message.id); order = older[++next])
      yield { ...order, timestampMs: message.timestampMs };
    yield message;
  }
}

/** Walks through the recording with a book of its own: per side, per price, the orders in a Map in order of arrival. */
class Plan {
  readonly commands: RecordedCommand[] = [];
  outOfTurn = 0;
  readonly #symbol: string;
  readonly #book = { buy: new Map<number, Map<string, Resting>>(), sell: new Map<number, Map<string, Resting>>() };

  constructor(symbol: string) {
    this.#symbol = symbol;
  }

  add({ timestampMs, kind, id, size, price, side }: Message): void {
    const symbol = this.#symbol;
    const queue = this.#book[side].get(price) ?? new Map<string, Resting>();
    this.#book[side].set(price, queue);
    if (kind === 'add') {
      queue.set(id, { size });
      const order = { symbol, account: MAKER, id, side, size, price };
      this.commands.push({ command: ['order', order], timestampMs, expected: [] });
      return;
    }
    const order = queue.get(id);
    if (order === undefined) throw new Error(`order ${id} is not in the book at ${price}, where the recording has it`);
    const inTurn = queue.keys().next().value === id;
    const taken = kind === 'delete' ? order.size : size;
    order.size -= taken;
    if (order.size <= 0) queue.delete(id);
    if (queue.size === 0) this.#book[side].delete(price);
    if (kind === 'execute' && inTurn) {
      const taking = { symbol, account: TAKER, id: `t${this.commands.length}`, side: opposite(side), size };
      const fill = { price, size, account: MAKER, id };
      this.commands.push({ command: ['order', taking], timestampMs, expected: [fill] });
    } else {
      if (kind === 'execute') this.outOfTurn++;
      const cancel = { symbol, account: MAKER, id, side, price, size: taken };
      this.commands.push({ command: ['cancel', cancel], timestampMs, expected: taken });
    }
  }

  depth(side: SideName): [price: number, size: number][] {
    const best = side === 'buy' ? -1 : 1;
    return [...this.#book[side]]
      .map(([price, queue]): [number, number] => [price, [...queue.values()].reduce((sum, { size }) => sum + size, 0)])
      .sort(([a], [b]) => best * (a - b));
  }
}
