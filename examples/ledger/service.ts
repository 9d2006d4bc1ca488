/**
 * A ledger: accounts in currencies, holds (reserve, capture, release) and transfers of many legs. Each account is a key,
 * so what touches different accounts runs in parallel; a transfer meets the streams of its accounts and no others.
 */
import { defineService, everyKey, type State } from 'psmr';
import { checkAmount, credit, release, reserve, type Account } from './account.js';
import { auditAccounts, mergeAudits, type Audit } from './audit.js';

/** One posting of a transfer: what an account gets, or gives if negative. */
export interface Leg {
  readonly account: string;
  readonly amount: number;
}

const LEGS_MAX = 100;

export default defineService({
  name: 'ledger',
  commands: {
    open: {
      keys: (a: { account: string; currency: string }) => [a.account],
      execute(state, a) {
        if (state.has(a.account)) throw new Error(`account ${a.account} is open already`);
        const account: Account = { currency: a.currency, balance: 0, held: 0, paidIn: 0, holds: [] };
        state.set(a.account, account);
      },
    },
    /** Money that comes in from outside. Returns the new balance. */
    deposit: {
      keys: (a: { account: string; amount: number }) => [a.account],
      execute(state, a) {
        checkAmount(a.amount);
        return payIn(state, a.account, a.amount);
      },
    },
    /** Money that leaves. Returns the new balance. */
    withdraw: {
      keys: (a: { account: string; amount: number }) => [a.account],
      execute(state, a) {
        checkAmount(a.amount);
        return payIn(state, a.account, -a.amount);
      },
    },
    /** All legs or none. In each currency they sum to zero, so an exchange of currencies has at least four. */
    transfer: {
      keys: (a: { legs: readonly Leg[] }) => a.legs.map((leg) => leg.account),
      execute(state, a) {
        if (a.legs.length < 2 || a.legs.length > LEGS_MAX) throw new Error(`a transfer has 2 to ${LEGS_MAX} legs`);
        const sums = new Map<string, number>();
        for (const { account: name, amount } of a.legs) {
          checkAmount(Math.abs(amount));
          const account = accountOf(state, name);
          sums.set(account.currency, (sums.get(account.currency) ?? 0) + amount);
          state.set(name, credit(name, account, amount));
        }
        for (const [currency, sum] of sums) {
          // What throws writes nothing: the accounts are as they were.
          if (sum !== 0) throw new Error(`the legs in ${currency} sum to ${sum}; they must sum to 0`);
        }
      },
    },
    /** Sets an amount aside under a name of the caller's, until it is captured or released. */
    reserve: {
      keys: (a: { account: string; hold: string; amount: number }) => [a.account],
      execute(state, a) {
        checkAmount(a.amount);
        state.set(a.account, reserve(a.account, accountOf(state, a.account), { id: a.hold, amount: a.amount }));
      },
    },
    /** Pays from a hold, all of it if no amount is given; what is left of it is available again. Returns what was paid. */
    capture: {
      keys: (a: { account: string; hold: string; to: string; amount?: number }) => [a.account, a.to],
      execute(state, a) {
        const { account, amount: heldAmount } = release(a.account, accountOf(state, a.account), a.hold);
        const amount = a.amount ?? heldAmount;
        checkAmount(amount);
        if (amount > heldAmount)
          throw new Error(`hold ${a.hold} on ${a.account} is ${heldAmount}, less than ${amount}`);
        state.set(a.account, credit(a.account, account, -amount));
        const to = accountOf(state, a.to);
        if (to.currency !== account.currency) throw new Error(`${a.to} is in ${to.currency}, not ${account.currency}`);
        state.set(a.to, credit(a.to, to, amount));
        return amount;
      },
    },
    /** Returns what is available again. */
    release: {
      keys: (a: { account: string; hold: string }) => [a.account],
      execute(state, a) {
        const { account, amount } = release(a.account, accountOf(state, a.account), a.hold);
        state.set(a.account, account);
        return amount;
      },
    },
    account: {
      keys: (a: { account: string }) => [a.account],
      readOnly: true,
      execute(state, a) {
        const { currency, balance, held, holds } = accountOf(state, a.account);
        return { currency, balance, available: balance - held, holds };
      },
    },
    /** The books at one moment, between the commands before and after: run it while all else goes on. */
    audit: {
      keys: everyKey,
      readOnly: true,
      partial: (partition): Audit => auditAccounts(partition.entries<Account>()),
      merge: (parts: readonly Audit[]): Audit => mergeAudits(parts),
    },
    /** The sum of all balances, whatever their currency. */
    total: {
      keys: everyKey,
      readOnly: true,
      partial(partition) {
        let sum = 0;
        for (const [, { balance }] of partition.entries<Account>()) sum += balance;
        return sum;
      },
      merge: (parts: readonly number[]): number => parts.reduce((sum, part) => sum + part, 0),
    },
  },
});

function accountOf(state: State, name: string): Account {
  const account = state.get<Account>(name);
  if (account === undefined) throw new Error(`there is no account ${name}; open it first`);
  return account;
}

function payIn(state: State, name: string, amount: number): number {
  const account = credit(name, accountOf(state, name), amount);
  state.set(name, { ...account, paidIn: account.paidIn + amount });
  return account.balance;
}
