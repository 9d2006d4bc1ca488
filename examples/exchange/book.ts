/** The book of one symbol: matching by price, then time, and the risk of the accounts in it. */
import { EMPTY_SIDE, SideDraft, type RestingOrder, type Side, type SideName } from './queues.js';
import { exposureOf, NO_STANDINGS, StandingsDraft } from './risk.js';

/** The value of a symbol's key. */
export interface Book {
  readonly buy: Side;
  readonly sell: Side;
  readonly standings: readonly string[];
}

export const EMPTY_BOOK: Book = { buy: EMPTY_SIDE, sell: EMPTY_SIDE, standings: NO_STANDINGS };

export interface Order {
  readonly account: string;
  /** The account's name for it. An order is known by it, its side and its price. */
  readonly id: string;
  readonly side: SideName;
  readonly size: number;
  /** The worst price that is accepted; none: a market order, which never rests. */
  readonly price?: number;
}

/** One trade of an order that came in, at the price of the one that rested. */
export interface Fill {
  readonly price: number;
  readonly size: number;
  readonly account: string;
  readonly id: string;
}

export const opposite = (side: SideName): SideName => (side === 'buy' ? 'sell' : 'buy');

/** A book that one command changes. What the command gives up is simply not stored. */
export class BookDraft {
  readonly #sides: Readonly<Record<SideName, SideDraft>>;
  readonly standings: StandingsDraft;

  constructor({ buy, sell, standings }: Book) {
    this.#sides = { buy: new SideDraft('buy', buy), sell: new SideDraft('sell', sell) };
    this.standings = new StandingsDraft(standings);
  }

  /** Trades as much as there is, best price first, at each price the oldest order first. */
  match(order: Order): Fill[] {
    const side = this.#sides[opposite(order.side)];
    const fills: Fill[] = [];
    let left = order.size;
    for (let price = side.best; left > 0 && price !== undefined && accepts(order, price); price = side.best) {
      const queue = side.at(price);
      while (left > 0 && queue[0] !== undefined) {
        const [resting] = queue;
        const size = Math.min(left, resting.size);
        if (size === resting.size) queue.shift();
        else queue[0] = { ...resting, size: resting.size - size };
        fills.push({ price, size, account: resting.account, id: resting.id });
        left -= size;
      }
      side.replace(price, queue);
    }
    for (const fill of fills) this.#settle(order, fill);
    return fills;
  }

  /** Puts what is left of an order behind the others at its price. */
  rest({ account, id, side, price }: Order & { readonly price: number }, size: number): void {
    const queue = this.#sides[side].at(price);
    this.#sides[side].replace(price, [...queue, { id, account, size }]);
    this.standings.add(account, { open: price * size });
  }

  find(account: string, id: string, side: SideName, price: number): RestingOrder | undefined {
    return this.#sides[side].at(price).find((order) => order.id === id && order.account === account);
  }

  /** Takes `size` from an order, which keeps its place, or all of it. */
  reduce(order: RestingOrder, side: SideName, price: number, size: number): void {
    const queue = this.#sides[side].at(price).flatMap((each) => {
      if (each.id !== order.id || each.account !== order.account) return [each];
      return each.size > size ? [{ ...each, size: each.size - size }] : [];
    });
    this.#sides[side].replace(price, queue);
    this.standings.add(order.account, { open: -price * Math.min(size, order.size) });
  }

  exceedsLimit(account: string): boolean {
    const standing = this.standings.get(account);
    return exposureOf(standing) > standing.limit;
  }

  get book(): Book {
    return { buy: this.#sides.buy.side, sell: this.#sides.sell.side, standings: this.standings.texts };
  }

  #settle({ account, side }: Order, fill: Fill): void {
    const bought = side === 'buy' ? fill.size : -fill.size;
    this.standings.add(account, { cost: fill.price * bought, position: bought });
    this.standings.add(fill.account, {
      open: -fill.price * fill.size,
      cost: -fill.price * bought,
      position: -bought,
    });
  }
}

function accepts({ side, price }: Order, offered: number): boolean {
  return price === undefined || (side === 'buy' ? offered <= price : offered >= price);
}
