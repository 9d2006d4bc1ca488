/**
 * An exchange: limit order books with price-time priority. Each symbol is a key with all that its orders touch, so
 * symbols run in parallel. A basket of orders meets the streams of its symbols. An account's risk limit is divided among
 * symbols beforehand (`allot`): then no order needs to ask anywhere else.
 */
import { defineService, everyKey, type State } from 'psmr';
import { BookDraft, EMPTY_BOOK, type Book, type Fill, type Order } from './book.js';
import { checkPartition, mergeChecks, type Account, type Check, type CheckPart } from './check.js';
import { depthOf, type SideName } from './queues.js';
import { exposureOf } from './risk.js';

/** An order that is refused is an answer, not an error: the market moves, and callers must expect it. */
export interface OrderResult {
  readonly refused: Refusal | null;
  readonly filled: number;
  /** What rests in the book. */
  readonly resting: number;
  readonly fills: readonly Fill[];
}

type Refusal = 'risk' | 'duplicate' | 'unfilled';

export interface BasketResult {
  /** Of the first leg that was refused; then nothing was done. */
  readonly refused: Refusal | null;
  /** By leg. */
  readonly results: readonly OrderResult[];
}

/** What a symbol gets of an account's limit, or gives back if negative. */
export interface Allotment {
  readonly symbol: string;
  readonly amount: number;
}

export type Leg = Omit<Order, 'account'> & { readonly symbol: string };

const QUANTITY_MAX = 1e9;
const LEVELS_MAX = 100;

export default defineService({
  name: 'exchange',
  commands: {
    /**
     * Opens an account, or changes its limit: the most that it may have at stake in all symbols together. Moves parts of
     * it to symbols; negative ones back, as far as nothing is at stake. Returns what is free to be moved.
     */
    allot: {
      keys: (a: { account: string; limit?: number; to: readonly Allotment[] }) => [
        accountKey(a.account),
        ...a.to.map(({ symbol }) => bookKey(symbol)),
      ],
      execute(state, a): number {
        checkName(a.account);
        const before = state.get<Account>(accountKey(a.account)) ?? { limit: 0, free: 0 };
        const limit = a.limit ?? before.limit;
        checkAmount(limit);
        if (limit < 0) throw new Error(`a limit is not ${limit}`);
        let free = before.free + limit - before.limit;
        for (const { symbol, amount } of a.to) {
          checkName(symbol);
          checkAmount(amount);
          const draft = draftOf(state, symbol);
          draft.standings.add(a.account, { limit: amount });
          if (draft.exceedsLimit(a.account)) throw new Error(`${a.account} has too much at stake in ${symbol}`);
          state.set(bookKey(symbol), draft.book);
          free -= amount;
        }
        if (free < 0) throw new Error(`symbols have ${-free} more than the limit of ${a.account}, ${limit}`);
        state.set(accountKey(a.account), { limit, free });
        return free;
      },
    },
    /** Matches, and rests what is left of a limit order. */
    order: {
      keys: (a: Order & { readonly symbol: string }) => [bookKey(a.symbol)],
      execute(state, a): OrderResult {
        const draft = draftOf(state, a.symbol);
        const result = place(draft, a, false);
        if (result.refused === null) state.set(bookKey(a.symbol), draft.book);
        return result;
      },
    },
    /** Takes an order back, or `size` of it: the rest keeps its place. Returns how much was taken back. */
    cancel: {
      keys: (a: { symbol: string; account: string; id: string; side: SideName; price: number; size?: number }) => [
        bookKey(a.symbol),
      ],
      execute(state, a): number {
        checkSide(a.side);
        const draft = draftOf(state, a.symbol);
        const order = draft.find(a.account, a.id, a.side, a.price);
        if (order === undefined) return 0;
        const size = Math.min(a.size ?? order.size, order.size);
        checkQuantity(size);
        draft.reduce(order, a.side, a.price, size);
        state.set(bookKey(a.symbol), draft.book);
        return size;
      },
    },
    /** Orders in several symbols at one moment: each is filled in full, or nothing happens at all. */
    basket: {
      keys: (a: { account: string; legs: readonly Leg[] }) => a.legs.map((leg) => bookKey(leg.symbol)),
      execute(state, a): BasketResult {
        const drafts = new Map<string, BookDraft>();
        const results = a.legs.map((leg) => {
          const draft = drafts.get(leg.symbol) ?? draftOf(state, leg.symbol);
          drafts.set(leg.symbol, draft);
          return place(draft, { ...leg, account: a.account }, true);
        });
        const refused = results.find((result) => result.refused !== null)?.refused ?? null;
        if (refused !== null) return { refused, results: [] };
        for (const [symbol, draft] of drafts) state.set(bookKey(symbol), draft.book);
        return { refused, results };
      },
    },
    /** What rests at the best prices: [price, size], best first. */
    depth: {
      keys: (a: { symbol: string; levels?: number }) => [bookKey(a.symbol)],
      readOnly: true,
      execute(state, a) {
        const { buy, sell } = state.get<Book>(bookKey(a.symbol)) ?? EMPTY_BOOK;
        const levels = Math.min(a.levels ?? LEVELS_MAX, LEVELS_MAX);
        return { buy: depthOf(buy, levels), sell: depthOf(sell, levels) };
      },
    },
    /** What an account has in a symbol. */
    standing: {
      keys: (a: { account: string; symbol: string }) => [bookKey(a.symbol)],
      readOnly: true,
      execute(state, a) {
        const standing = draftOf(state, a.symbol).standings.get(a.account);
        return { ...standing, exposure: exposureOf(standing) };
      },
    },
    /** All books at one moment: none crossed, no limit exceeded, each sold share bought. Run it while all else goes on. */
    check: {
      keys: everyKey,
      readOnly: true,
      partial: (partition): CheckPart => checkPartition(partition.entries<Account | Book>()),
      merge: (parts: readonly CheckPart[]): Check => mergeChecks(parts),
    },
  },
});

const NOTHING_DONE = { filled: 0, resting: 0, fills: [] };

function accountKey(account: string): string {
  return `account/${account}`;
}

function bookKey(symbol: string): string {
  return `book/${symbol}`;
}

function draftOf(state: State, symbol: string): BookDraft {
  return new BookDraft(state.get<Book>(bookKey(symbol)) ?? EMPTY_BOOK);
}

/** Executes an order on a draft, which is of no use after a refusal. */
function place(draft: BookDraft, order: Order, inFull: boolean): OrderResult {
  const { account, id, side, size, price } = order;
  checkName(account);
  checkName(id);
  checkQuantity(size);
  if (price !== undefined) checkQuantity(price);
  checkSide(side);
  if (price !== undefined && draft.find(account, id, side, price) !== undefined)
    return { ...NOTHING_DONE, refused: 'duplicate' };
  const fills = draft.match(order);
  const filled = fills.reduce((sum, fill) => sum + fill.size, 0);
  if (inFull && filled < size) return { ...NOTHING_DONE, refused: 'unfilled' };
  const resting = price === undefined ? 0 : size - filled;
  if (price !== undefined && resting > 0) draft.rest({ ...order, price }, resting);
  if (draft.exceedsLimit(account)) return { ...NOTHING_DONE, refused: 'risk' };
  return { refused: null, filled, resting, fills };
}

function checkSide(side: string): void {
  if (side !== 'buy' && side !== 'sell') throw new Error(`a side is 'buy' or 'sell', not '${side}'`);
}

/** Names stand in texts with separators. */
function checkName(name: string): void {
  if (!/^[A-Za-z0-9][\w.-]{0,31}$/.test(name))
    throw new Error(`a name is 1 to 32 letters, digits, '_', '.' and '-', not '${name}'`);
}

function checkAmount(amount: number): void {
  if (!Number.isSafeInteger(amount)) throw new Error(`limits and amounts are whole numbers, not ${amount}`);
}

function checkQuantity(quantity: number): void {
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > QUANTITY_MAX)
    throw new Error(`sizes and prices are whole numbers from 1 to ${QUANTITY_MAX}, not ${quantity}`);
}
