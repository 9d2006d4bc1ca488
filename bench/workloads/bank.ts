/**
 * Accounts with money: half the commands are transfers, the others deposits and balances in equal parts. `cross` is the
 * share of the transfers whose two accounts lie in different streams. `total` reads every account, far more work than
 * the others, so it is no part of the mix: it is what the check at the end asks.
 */
import type { DepositArguments } from '../services/bank.js';
import type { Random } from './random-source.js';
import { choosePair } from './stream-pair.js';
import { withWork } from './work.js';
import { anyResult, type BenchCommand, type Workload, type WorkloadOptions } from './workload.js';
import { scrambledZipf } from './zipf.js';

/** What every account starts with: so much that overdrafts stay rare. */
const INITIAL_BALANCE = 1_000_000;
const TRANSFER_SHARE = 0.5;
const DEPOSIT_SHARE = 0.25;
const AMOUNT = 5;

export const bankWorkload: Workload = {
  name: 'bank',
  service: new URL('../services/bank.js', import.meta.url),
  load: openAccounts,
  generate: generateBank,
  check: anyResult,
  conserved: { query: ['total', undefined], added: expectedTotal },
};

function accountName(account: number): string {
  return `account${account}`;
}

function* openAccounts({ keys }: WorkloadOptions): Generator<BenchCommand> {
  for (let i = 0; i < keys; i++) yield ['deposit', { account: accountName(i), amount: INITIAL_BALANCE }];
}

function* generateBank(options: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const { cross, placement, work, zipf, keys } = options;
  const number = scrambledZipf(keys, zipf);
  const choose = (source: Random): string => accountName(number(source));
  for (;;) {
    const kind = random();
    if (kind < TRANSFER_SHARE) {
      const [from, to] = choosePair(choose, random() < cross, placement, random);
      yield ['transfer', withWork({ from, to, amount: AMOUNT }, work)];
    } else if (kind < TRANSFER_SHARE + DEPOSIT_SHARE) {
      yield ['deposit', withWork({ account: choose(random), amount: AMOUNT }, work)];
    } else {
      yield ['balance', withWork({ account: choose(random) }, work)];
    }
  }
}

/** The sum of all balances after these commands, in whatever order they ran: money is conserved. */
export function expectedTotal(commands: Iterable<BenchCommand>): number {
  let total = 0;
  for (const [name, args] of commands) {
    if (name === 'deposit' && isDeposit(args)) total += args.amount;
  }
  return total;
}

function isDeposit(args: unknown): args is DepositArguments {
  return typeof args === 'object' && args !== null && 'amount' in args && typeof args.amount === 'number';
}
