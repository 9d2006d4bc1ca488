/** Looks at every book: what a partition finds in its own, and what only all partitions together can tell. */
import type { Book } from './book.js';
import { parseQueue, type RestingOrder, type Side } from './queues.js';
import { exposureOf, parseStandings } from './risk.js';

export interface Check {
  readonly books: number;
  readonly orders: number;
  /** What is wrong, in sentences; empty: all is right. */
  readonly problems: readonly string[];
}

export interface CheckPart extends Check {
  /** Per account: what it has left to allot and has allotted here, less its limit. 0 over all partitions. */
  readonly allotted: readonly (readonly [account: string, sum: number])[];
}

/** The value of an account's key: all that it may risk, and what of it no symbol has. */
export interface Account {
  readonly limit: number;
  readonly free: number;
}

const PROBLEMS_MAX = 20;

export function checkPartition(entries: Iterable<readonly [key: string, value: Account | Book]>): CheckPart {
  const allotted = new Map<string, number>();
  const add = (account: string, sum: number): unknown => allotted.set(account, (allotted.get(account) ?? 0) + sum);
  const problems: string[] = [];
  let books = 0;
  let orders = 0;
  for (const [key, value] of entries) {
    if ('limit' in value) {
      add(key.slice(key.indexOf('/') + 1), value.free - value.limit);
      continue;
    }
    books++;
    const resting = [...ordersOf(value.buy), ...ordersOf(value.sell)];
    orders += resting.length;
    problems.push(...problemsOf(value, resting).map((problem) => `${key}: ${problem}`));
    for (const text of value.standings) for (const [account, { limit }] of parseStandings(text)) add(account, limit);
  }
  return { books, orders, problems: problems.slice(0, PROBLEMS_MAX), allotted: [...allotted] };
}

export function mergeChecks(parts: readonly CheckPart[]): Check {
  const sums = new Map<string, number>();
  for (const [account, sum] of parts.flatMap((part) => part.allotted))
    sums.set(account, (sums.get(account) ?? 0) + sum);
  const wrong = [...sums].filter(([, sum]) => sum !== 0);
  const problems = [
    ...parts.flatMap((part) => part.problems),
    ...wrong.map(([account, sum]) => `account ${account} has ${sum} more allotted and free than its limit`),
  ];
  const count = (of: 'books' | 'orders'): number => parts.reduce((sum, part) => sum + part[of], 0);
  return { books: count('books'), orders: count('orders'), problems: problems.slice(0, PROBLEMS_MAX) };
}

function ordersOf({ prices, queues }: Side): (RestingOrder & { price: number })[] {
  return queues.flatMap((queue, at) => parseQueue(queue).map((order) => ({ ...order, price: prices[at] ?? NaN })));
}

function problemsOf({ buy, sell, standings }: Book, resting: readonly (RestingOrder & { price: number })[]): string[] {
  const problems: string[] = [];
  const [bid, ask] = [buy.prices.at(-1), sell.prices.at(-1)];
  if (bid !== undefined && ask !== undefined && bid >= ask) problems.push(`crossed, ${bid} is bid and ${ask} is asked`);
  if (!isAscending(buy.prices) || !isAscending([...sell.prices].reverse())) problems.push('prices are out of order');
  if (resting.some(({ size }) => !(size > 0))) problems.push('an order of size 0 rests');
  const open = new Map<string, number>();
  for (const { account, price, size } of resting) open.set(account, (open.get(account) ?? 0) + price * size);
  let position = 0;
  let cost = 0;
  for (const [account, standing] of standings.flatMap(parseStandings)) {
    position += standing.position;
    cost += standing.cost;
    if (exposureOf(standing) > standing.limit)
      problems.push(`${account} risks ${exposureOf(standing)}, its limit is ${standing.limit}`);
    if (standing.open !== (open.get(account) ?? 0)) problems.push(`${account} has other orders than are counted`);
    open.delete(account);
  }
  if (open.size > 0) problems.push(`orders of accounts without a standing`);
  if (position !== 0 || cost !== 0) problems.push(`positions sum to ${position}, costs to ${cost}`);
  return problems;
}

function isAscending(prices: readonly number[]): boolean {
  return prices.every((price, at) => at === 0 || (prices[at - 1] ?? NaN) < price);
}
