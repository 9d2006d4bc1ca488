/**
 * What each account may risk in one symbol, and does. Fills change accounts that an order does not name, so accounts
 * cannot be keys of their own: they are part of their symbol's value, spread over texts like the orders of a book.
 */

export interface Standing {
  /** What the account has allotted to this symbol: `exposure` stays within. */
  readonly limit: number;
  /** Price times size of its orders that rest. */
  readonly open: number;
  /** What it has paid for what it bought, less what it got for what it sold. */
  readonly cost: number;
  /** What it has bought, less what it has sold. */
  readonly position: number;
}

const NOTHING: Standing = { limit: 0, open: 0, cost: 0, position: 0 };
const TEXTS = 32;
export const NO_STANDINGS: readonly string[] = Array.from({ length: TEXTS }, () => '');

/** The most that the account can have at stake, whatever of its orders is filled. */
export function exposureOf({ open, cost }: Standing): number {
  return open + Math.abs(cost);
}

/** The standings of one symbol, while a command changes some of them. */
export class StandingsDraft {
  readonly #texts: string[];
  readonly #read = new Map<number, Map<string, Standing>>();

  constructor(texts: readonly string[]) {
    this.#texts = [...texts];
  }

  get(account: string): Standing {
    return this.#text(account).get(account) ?? NOTHING;
  }

  /** Adds to what an account has. */
  add(account: string, changes: Partial<Standing>): void {
    const { limit, open, cost, position } = this.get(account);
    this.#text(account).set(account, {
      limit: limit + (changes.limit ?? 0),
      open: open + (changes.open ?? 0),
      cost: cost + (changes.cost ?? 0),
      position: position + (changes.position ?? 0),
    });
  }

  get texts(): readonly string[] {
    for (const [at, standings] of this.#read) {
      this.#texts[at] = [...standings]
        .map(([account, { limit, open, cost, position }]) => `${account},${limit},${open},${cost},${position}`)
        .join(';');
    }
    return this.#texts;
  }

  #text(account: string): Map<string, Standing> {
    const at = hash(account) % TEXTS;
    let standings = this.#read.get(at);
    if (standings === undefined) {
      standings = new Map(parseStandings(this.#texts[at] ?? ''));
      this.#read.set(at, standings);
    }
    return standings;
  }
}

export function parseStandings(text: string): [account: string, standing: Standing][] {
  if (text === '') return [];
  return text.split(';').map((each) => {
    const [account = '', ...numbers] = each.split(',');
    const [limit = 0, open = 0, cost = 0, position = 0] = numbers.map(Number);
    return [account, { limit, open, cost, position }];
  });
}

function hash(text: string): number {
  let sum = 0;
  for (let at = 0; at < text.length; at++) sum = (Math.imul(sum, 31) + text.charCodeAt(at)) >>> 0;
  return sum;
}
