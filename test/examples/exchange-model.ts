/** An exchange in the plainest form: one list of resting orders, in the order in which they came. */
import type { FeedCommand } from 'psmr';

export interface ModelOrder {
  readonly account: string;
  readonly symbol: string;
  readonly id: string;
  readonly side: 'buy' | 'sell';
  readonly size: number;
  readonly price?: number;
}

interface Resting extends ModelOrder {
  readonly price: number;
  left: number;
}

interface Standing {
  limit: number;
  cost: number;
  position: number;
}

interface Books {
  resting: Resting[];
  standings: Map<string, Standing>;
  free: Map<string, number>;
  limits: Map<string, number>;
}

const NOTHING = { filled: 0, resting: 0, fills: [] };

export class ExchangeModel {
  #books: Books = { resting: [], standings: new Map(), free: new Map(), limits: new Map() };

  /** The result, or 'error'; errors and refusals change nothing. */
  execute([name, args]: FeedCommand): unknown {
    const before = structuredClone(this.#books);
    const result = this.#run(name, args);
    const refused = typeof result === 'object' && result !== null && 'refused' in result && result.refused !== null;
    if (result === 'error' || refused) this.#books = before;
    return result;
  }

  depth(symbol: string): { buy: [number, number][]; sell: [number, number][] } {
    const side = (name: string, best: number): [number, number][] => {
      const sums = new Map<number, number>();
      for (const order of this.#books.resting)
        if (order.symbol === symbol && order.side === name)
          sums.set(order.price, (sums.get(order.price) ?? 0) + order.left);
      return [...sums].sort(([a], [b]) => best * (b - a));
    };
    return { buy: side('buy', 1), sell: side('sell', -1) };
  }

  standing(account: string, symbol: string): object {
    const { limit, cost, position } = this.#standing(account, symbol);
    const open = this.#open(account, symbol);
    return { limit, open, cost, position, exposure: open + Math.abs(cost) };
  }

  #run(name: string, args: unknown): unknown {
    switch (name) {
      case 'allot':
        return this.#allot(args as { account: string; limit?: number; to: { symbol: string; amount: number }[] });
      case 'order':
        return this.#order(args as ModelOrder);
      case 'cancel':
        return this.#cancel(args as ModelOrder & { size?: number });
      default: {
        const { account, legs } = args as { account: string; legs: ModelOrder[] };
        const results = legs.map((leg) => this.#order({ ...leg, account }, true));
        const refused = results.find((result) => result.refused !== null)?.refused ?? null;
        return { refused, results: refused === null ? results : [] };
      }
    }
  }

  #allot(a: { account: string; limit?: number; to: { symbol: string; amount: number }[] }): unknown {
    const { limits, free } = this.#books;
    const limit = a.limit ?? limits.get(a.account) ?? 0;
    let left = (free.get(a.account) ?? 0) + limit - (limits.get(a.account) ?? 0);
    for (const { symbol, amount } of a.to) {
      left -= amount;
      this.#standing(a.account, symbol).limit += amount;
      if (this.#exceeds(a.account, symbol)) return 'error';
    }
    if (left < 0) return 'error';
    limits.set(a.account, limit);
    free.set(a.account, left);
    return left;
  }

  #order(
    order: ModelOrder,
    inFull = false,
  ): { refused: string | null; filled: number; resting: number; fills: object[] } {
    const { account, symbol, id, side, price } = order;
    const { resting } = this.#books;
    const same = (other: Resting): boolean =>
      other.symbol === symbol && other.account === account && other.id === id && other.side === side;
    if (price !== undefined && resting.some((other) => same(other) && other.price === price))
      return { ...NOTHING, refused: 'duplicate' };
    const sign = side === 'buy' ? 1 : -1;
    let left = order.size;
    const fills: object[] = [];
    while (left > 0) {
      const others = resting.filter((other) => other.symbol === symbol && other.side !== side && other.left > 0);
      const best = Math.min(...others.map((other) => sign * other.price));
      const first = others.find((other) => sign * other.price === best);
      if (first === undefined || (price !== undefined && best > sign * price)) break;
      const size = Math.min(left, first.left);
      left -= size;
      first.left -= size;
      this.#settle(account, symbol, sign * size, first.price);
      this.#settle(first.account, symbol, -sign * size, first.price);
      fills.push({ price: first.price, size, account: first.account, id: first.id });
    }
    if (inFull && left > 0) return { ...NOTHING, refused: 'unfilled' };
    this.#books.resting = resting.filter((other) => other.left > 0);
    const rests = price !== undefined && left > 0;
    if (rests) this.#books.resting.push({ ...order, price, left });
    if (this.#exceeds(account, symbol)) return { ...NOTHING, refused: 'risk' };
    return { refused: null, filled: order.size - left, resting: rests ? left : 0, fills };
  }

  #cancel({ account, symbol, id, side, price, size }: Partial<ModelOrder>): number {
    const found = this.#books.resting.find(
      (each) =>
        each.symbol === symbol &&
        each.account === account &&
        each.id === id &&
        each.side === side &&
        each.price === price,
    );
    if (found === undefined) return 0;
    const taken = Math.min(size ?? found.left, found.left);
    found.left -= taken;
    this.#books.resting = this.#books.resting.filter((each) => each.left > 0);
    return taken;
  }

  #settle(account: string, symbol: string, bought: number, price: number): void {
    const standing = this.#standing(account, symbol);
    standing.position += bought;
    standing.cost += bought * price;
  }

  #standing(account: string, symbol: string): Standing {
    const name = `${account} ${symbol}`;
    const found = this.#books.standings.get(name) ?? { limit: 0, cost: 0, position: 0 };
    this.#books.standings.set(name, found);
    return found;
  }

  #open(account: string, symbol: string): number {
    return this.#books.resting
      .filter((order) => order.account === account && order.symbol === symbol)
      .reduce((sum, { price, left }) => sum + price * left, 0);
  }

  #exceeds(account: string, symbol: string): boolean {
    const { limit, cost } = this.#standing(account, symbol);
    return this.#open(account, symbol) + Math.abs(cost) > limit;
  }
}
