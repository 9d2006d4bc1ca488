/** What one account holds, and the steps that change it. Amounts are whole numbers of a currency's smallest unit. */

export interface Hold {
  readonly id: string;
  readonly amount: number;
}

/** The value of an account's key: a plain object that every command replaces as a whole, so it is kept small. */
export interface Account {
  readonly currency: string;
  /** What the account owns, what is held included. */
  readonly balance: number;
  /** The part of the balance that is held: the sum of `holds`. */
  readonly held: number;
  /** All that was paid in from outside, less what was paid out: what `audit` holds balances against. */
  readonly paidIn: number;
  readonly holds: readonly Hold[];
}

/** A hold costs every command on its account a copy: more than these belong on accounts of their own. */
export const HOLDS_MAX = 100;

export function checkAmount(amount: unknown): asserts amount is number {
  if (typeof amount === 'number' && Number.isSafeInteger(amount) && amount > 0) return;
  throw new Error(`an amount is a positive whole number of the smallest unit, not ${String(amount)}`);
}

/** Moves the balance by a signed amount. Throws where that is more than is available, or than numbers can count. */
export function credit(name: string, account: Account, amount: number): Account {
  const balance = account.balance + amount;
  if (!Number.isSafeInteger(balance))
    throw new Error(`the balance of ${name} would be beyond ${Number.MAX_SAFE_INTEGER}`);
  if (amount < 0 && balance < account.held)
    throw new Error(`insufficient funds in ${name}: ${account.balance - account.held} available, ${-amount} needed`);
  return { ...account, balance };
}

/** Sets an amount aside: it stays the account's, and only its hold can spend it. */
export function reserve(name: string, account: Account, hold: Hold): Account {
  if (account.holds.some(({ id }) => id === hold.id)) throw new Error(`hold ${hold.id} on ${name} exists already`);
  if (account.holds.length >= HOLDS_MAX) throw new Error(`${name} has ${HOLDS_MAX} holds; capture or release some`);
  const available = account.balance - account.held;
  if (available < hold.amount)
    throw new Error(`insufficient funds in ${name}: ${available} available, ${hold.amount} needed`);
  return { ...account, held: account.held + hold.amount, holds: [...account.holds, hold] };
}

/** Ends a hold: its amount is available again. */
export function release(name: string, account: Account, id: string): { account: Account; amount: number } {
  const hold = account.holds.find((each) => each.id === id);
  if (hold === undefined) throw new Error(`there is no hold ${id} on ${name}`);
  const holds = account.holds.filter((each) => each !== hold);
  return { account: { ...account, held: account.held - hold.amount, holds }, amount: hold.amount };
}
