/**
 * The service of examples/exchange: limit orders around a price that does not move, cancels of them, market orders and
 * looks at a book. `keys` is the number of symbols. `cross` is the share of all commands that are replaced by a basket of
 * two orders, in symbols of two streams.
 */
import { below, type Random } from '../random-source.js';
import { choosePair } from '../stream-pair.js';
import type { BenchCommand, Workload, WorkloadOptions } from '../workload.js';
import { scrambledZipf } from '../zipf.js';

const ACCOUNTS = 8;
const ORDER_SHARE = 0.5;
const CANCEL_SHARE = 0.3;
const MARKET_SHARE = 0.1;
const LEVELS = 5;
const MIDDLE_PRICE = 1000;
/** Prices reach so far to the good side of the middle; to the other, REACH_INTO. */
const REACH = 8;
const REACH_INTO = 2;
const SIZE_MAX = 10;
/** Of each symbol, so that books stay small: with more, the oldest is cancelled. */
const KNOWN_ORDERS_MAX = 8;
/** To each account in each symbol, so much that no order is refused for risk. */
const ALLOTMENT_MAX = 2 ** 40;

export const exchangeWorkload: Workload = {
  name: 'exchange',
  service: new URL('../../../examples/exchange/service.js', import.meta.url),
  load: openAccounts,
  generate: generateOrders,
  check: checkOrder,
  conserved: null,
};

type Side = 'buy' | 'sell';

interface KnownOrder {
  readonly symbol: string;
  readonly account: string;
  readonly id: string;
  readonly side: Side;
  readonly price: number;
}

function* openAccounts({ keys }: WorkloadOptions): Generator<BenchCommand> {
  const amount = Math.min(ALLOTMENT_MAX, Math.floor(Number.MAX_SAFE_INTEGER / keys));
  for (let at = 0; at < ACCOUNTS; at++) {
    const to = Array.from({ length: keys }, (_, symbol) => ({ symbol: `S${symbol}`, amount }));
    yield ['allot', { account: `a${at}`, limit: amount * keys, to }];
  }
}

function* generateOrders({ keys, zipf, cross, placement }: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const choose = scrambledZipf(keys, zipf);
  const known = new Map<string, KnownOrder[]>();
  // The service's key of a symbol.
  const chooseBook = (source: Random): string => `book/S${choose(source)}`;
  for (let number = 0; ; number++) {
    const account = `a${number % ACCOUNTS}`;
    const id = `o${number}`;
    if (random() < cross) {
      const books = choosePair(chooseBook, true, placement, random);
      const legs = books.map((book) => ({ symbol: book.slice('book/'.length), id, side: sideOf(random), size: 1 }));
      yield ['basket', { account, legs }];
      continue;
    }
    const symbol = `S${choose(random)}`;
    const kind = random();
    const orders = known.get(symbol) ?? [];
    known.set(symbol, orders);
    if (kind < ORDER_SHARE + CANCEL_SHARE)
      yield orderOrCancel(orders, kind < ORDER_SHARE, { symbol, account, id }, random);
    else if (kind < ORDER_SHARE + CANCEL_SHARE + MARKET_SHARE)
      yield ['order', { symbol, account, id, side: sideOf(random), size: sizeOf(random) }];
    else yield ['depth', { symbol, levels: LEVELS }];
  }
}

/** Cancels only what was ordered; it may be filled by then. */
function orderOrCancel(
  orders: KnownOrder[],
  wanted: boolean,
  names: { symbol: string; account: string; id: string },
  random: Random,
): BenchCommand {
  const oldest = wanted && orders.length < KNOWN_ORDERS_MAX ? undefined : orders.shift();
  if (oldest !== undefined) return ['cancel', oldest];
  const side = sideOf(random);
  const distance = below(REACH + REACH_INTO, random) - REACH_INTO;
  const order = { ...names, side, price: MIDDLE_PRICE + (side === 'buy' ? -distance : distance) };
  orders.push(order);
  return ['order', { ...order, size: sizeOf(random) }];
}

function sideOf(random: Random): Side {
  return random() < 0.5 ? 'buy' : 'sell';
}

function sizeOf(random: Random): number {
  return 1 + below(SIZE_MAX, random);
}

/** No order trades more than its size, or at a worse price than it named. */
function checkOrder([name, args]: BenchCommand, value: unknown): string | null {
  if (name !== 'order') return null;
  const { side, size, price } = fieldsOf(args);
  const { refused, filled, resting, fills } = fieldsOf(value);
  const wrong = `order ${JSON.stringify(args)} has the result ${JSON.stringify(value)}`;
  if (!Array.isArray(fills) || refused === 'risk') return wrong;
  const trades = fills.map(fieldsOf);
  const sum = trades.reduce((total, trade) => total + Number(trade['size']), 0);
  if (sum !== filled || sum + Number(resting) > Number(size)) return wrong;
  const worse = (at: number): boolean => (side === 'buy' ? at > Number(price) : at < Number(price));
  return price !== undefined && trades.some((trade) => worse(Number(trade['price']))) ? wrong : null;
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? Object.fromEntries(Object.entries(value)) : {};
}
