/** The books of the whole ledger: what each partition counts, and what follows when all have counted. */
import type { Account } from './account.js';

export interface CurrencyTotals {
  readonly accounts: number;
  readonly balance: number;
  readonly held: number;
  readonly paidIn: number;
}

export interface Audit {
  readonly currencies: Readonly<Record<string, CurrencyTotals>>;
  /** What is wrong, in sentences; empty: the books are in order. */
  readonly problems: readonly string[];
}

const PROBLEMS_MAX = 20;
const NOTHING: CurrencyTotals = { accounts: 0, balance: 0, held: 0, paidIn: 0 };

/** Counts the accounts of one partition. What only all partitions together can tell is left to `mergeAudits`. */
export function auditAccounts(accounts: Iterable<readonly [name: string, account: Account]>): Audit {
  const totals = new Map<string, CurrencyTotals>();
  const problems: string[] = [];
  for (const [name, account] of accounts) {
    const { currency, balance, held, paidIn, holds } = account;
    totals.set(currency, add(totals.get(currency) ?? NOTHING, { accounts: 1, balance, held, paidIn }));
    if (balance < held) problems.push(`${name} has a balance of ${balance}, less than the ${held} held`);
    const sum = holds.reduce((all, hold) => all + hold.amount, 0);
    if (sum !== held) problems.push(`${name} holds ${held}, but its holds make ${sum}`);
  }
  return { currencies: Object.fromEntries(totals), problems: problems.slice(0, PROBLEMS_MAX) };
}

/** Money comes and goes only by `deposit` and `withdraw`: in each currency, what there is is what was paid in. */
export function mergeAudits(parts: readonly Audit[]): Audit {
  const totals = new Map<string, CurrencyTotals>();
  for (const { currencies } of parts) {
    for (const [currency, part] of Object.entries(currencies))
      totals.set(currency, add(totals.get(currency) ?? NOTHING, part));
  }
  const problems = parts.flatMap((part) => part.problems);
  for (const [currency, { balance, paidIn }] of totals) {
    if (balance !== paidIn) problems.push(`${paidIn} ${currency} were paid in, but accounts own ${balance}`);
  }
  return { currencies: Object.fromEntries(totals), problems: problems.slice(0, PROBLEMS_MAX) };
}

function add(a: CurrencyTotals, b: CurrencyTotals): CurrencyTotals {
  return {
    accounts: a.accounts + b.accounts,
    balance: a.balance + b.balance,
    held: a.held + b.held,
    paidIn: a.paidIn + b.paidIn,
  };
}
