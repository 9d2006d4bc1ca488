/**
 * One side of a book, as part of a value of the state. A value is copied when it is set, at a cost that grows with the
 * number of its parts; so the orders at one price are one text, in the order in which they came. An order touches the
 * texts of its own price and of those that it matches; of the others only references are copied.
 */

export type SideName = 'buy' | 'sell';

export interface RestingOrder {
  readonly id: string;
  readonly account: string;
  readonly size: number;
}

/** Prices from worst to best, so that what changes most is at the end, and the orders at each: `id,account,size;...`. */
export interface Side {
  readonly prices: readonly number[];
  readonly queues: readonly string[];
}

export const EMPTY_SIDE: Side = { prices: [], queues: [] };

/** A side that one command changes. */
export class SideDraft {
  readonly #name: SideName;
  readonly #prices: number[];
  readonly #queues: string[];

  constructor(name: SideName, { prices, queues }: Side) {
    this.#name = name;
    this.#prices = [...prices];
    this.#queues = [...queues];
  }

  /** undefined where nothing rests. */
  get best(): number | undefined {
    return this.#prices.at(-1);
  }

  /** The orders at a price, oldest first. */
  at(price: number): RestingOrder[] {
    const place = this.#placeOf(price);
    return this.#prices[place] === price ? parseQueue(this.#queues[place] ?? '') : [];
  }

  /** Puts orders in the place of those at a price; none: the price is gone. */
  replace(price: number, orders: readonly RestingOrder[]): void {
    const place = this.#placeOf(price);
    const found = this.#prices[place] === price ? 1 : 0;
    if (orders.length > 0) {
      this.#prices.splice(place, found, price);
      this.#queues.splice(place, found, orders.map(({ id, account, size }) => `${id},${account},${size}`).join(';'));
    } else {
      this.#prices.splice(place, found);
      this.#queues.splice(place, found);
    }
  }

  get side(): Side {
    return { prices: this.#prices, queues: this.#queues };
  }

  /** Where the price is, or would be. */
  #placeOf(price: number): number {
    const sign = this.#name === 'buy' ? 1 : -1;
    let low = 0;
    let high = this.#prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (sign * (this.#prices[middle] ?? 0) < sign * price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The best prices with all that rests there, best first. */
export function depthOf({ prices, queues }: Side, levels: number): [price: number, size: number][] {
  const depth: [number, number][] = [];
  for (let at = prices.length - 1; at >= 0 && depth.length < levels; at--) {
    const size = parseQueue(queues[at] ?? '').reduce((sum, order) => sum + order.size, 0);
    depth.push([prices[at] ?? 0, size]);
  }
  return depth;
}

export function parseQueue(queue: string): RestingOrder[] {
  return queue.split(';').map((order) => {
    const [id = '', account = '', size] = order.split(',');
    return { id, account, size: Number(size) };
  });
}
