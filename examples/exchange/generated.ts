/** A recording in LOBSTER's form, made up: for where there is no real one. Equal counts give equal recordings. */

interface Order {
  readonly id: number;
  readonly side: number;
  readonly price: number;
  size: number;
}

const MIDDLE = 5_850_000;
const TICK = 100;
const TICKS_MAX = 8;
const ORDERS_MIN = 10;
const ORDERS_MAX = 80;
const LOT = 100;
const SECONDS_MAX = 0.05;

export function generateRecording(messages: number): string {
  const random = numbers();
  const orders: Order[] = [];
  const lines: string[] = [];
  let seconds = 34_200;
  let middle = MIDDLE;
  while (lines.length < messages) {
    seconds += random() * SECONDS_MAX;
    middle += Math.round(random() * 2 - 1) * TICK;
    const line = nextMessage(orders, 1 + lines.length, middle, random);
    if (line !== null) lines.push(`${seconds.toFixed(6)},${line}`);
  }
  return `${lines.join('\n')}\n`;
}

type Random = () => number;

/** Changes the orders that rest. null: what was tried is not possible now. */
function nextMessage(orders: Order[], id: number, middle: number, random: Random): string | null {
  const kind = random();
  if (orders.length < ORDERS_MIN || (kind < 0.5 && orders.length < ORDERS_MAX)) {
    const side = random() < 0.5 ? 1 : -1;
    const price = middle - side * TICK * (1 + Math.floor(random() * TICKS_MAX));
    const other = bestOf(orders, -side);
    // A limit order that meets another is recorded as the execution of that one.
    if (other !== undefined && side * (price - other.price) >= 0) return null;
    const order = { id, side, price, size: 1 + Math.floor(random() * LOT) };
    orders.push(order);
    return lineOf(1, order, order.size);
  }
  if (kind < 0.55) return `5,0,${1 + Math.floor(random() * LOT)},${middle},1`;
  const any = orders[Math.floor(random() * orders.length)];
  if (kind < 0.8) return any === undefined ? null : take(orders, any, 3, any.size);
  if (kind < 0.85) return any === undefined || any.size === 1 ? null : take(orders, any, 2, any.size >> 1);
  const best = bestOf(orders, random() < 0.5 ? 1 : -1);
  return best === undefined ? null : take(orders, best, 4, 1 + Math.floor(random() * best.size));
}

/** The oldest of those at the best price. */
function bestOf(orders: readonly Order[], side: number): Order | undefined {
  const candidates = orders.filter((order) => order.side === side);
  const best = Math.max(...candidates.map(({ price }) => side * price));
  return candidates.find(({ price }) => side * price === best);
}

function take(orders: Order[], order: Order, type: number, size: number): string {
  order.size -= size;
  if (order.size === 0) orders.splice(orders.indexOf(order), 1);
  return lineOf(type, order, size);
}

function lineOf(type: number, { id, price, side }: Order, size: number): string {
  return [type, id, size, price, side].join(',');
}

/** A linear congruential generator: numbers from 0 to below 1. */
function numbers(): Random {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
