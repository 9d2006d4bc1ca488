/**
 * The service of examples/ledger: half the commands are transfers of two legs, the others deposits, withdrawals and
 * looks at an account. `cross` is the share of the transfers whose accounts lie in different streams. Holds are left out:
 * one lives through several commands, and what is measured runs again and again.
 */
import type { Random } from '../random-source.js';
import { choosePair } from '../stream-pair.js';
import { anyResult, type BenchCommand, type Workload, type WorkloadOptions } from '../workload.js';
import { scrambledZipf } from '../zipf.js';

/** So much that no withdrawal is refused: an error would end the benchmark. */
const INITIAL_BALANCE = 1_000_000_000;
const TRANSFER_SHARE = 0.5;
const DEPOSIT_SHARE = 0.2;
const WITHDRAWAL_SHARE = 0.2;
const AMOUNT = 5;

export const ledgerWorkload: Workload = {
  name: 'ledger',
  service: new URL('../../../examples/ledger/service.js', import.meta.url),
  load: openAccounts,
  generate: generateLedger,
  check: anyResult,
  conserved: { query: ['total', undefined], added: paidIn },
};

function accountName(account: number): string {
  return `account${account}`;
}

function* openAccounts({ keys }: WorkloadOptions): Generator<BenchCommand> {
  for (let at = 0; at < keys; at++) {
    const account = accountName(at);
    yield ['open', { account, currency: 'EUR' }];
    yield ['deposit', { account, amount: INITIAL_BALANCE }];
  }
}

function* generateLedger({ keys, zipf, cross, placement }: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const number = scrambledZipf(keys, zipf);
  const choose = (source: Random): string => accountName(number(source));
  for (;;) {
    const kind = random();
    if (kind < TRANSFER_SHARE) {
      const [from, to] = choosePair(choose, random() < cross, placement, random);
      const legs = [
        { account: from, amount: -AMOUNT },
        { account: to, amount: AMOUNT },
      ];
      yield ['transfer', { legs }];
    } else if (kind < TRANSFER_SHARE + DEPOSIT_SHARE) {
      yield ['deposit', { account: choose(random), amount: AMOUNT }];
    } else if (kind < TRANSFER_SHARE + DEPOSIT_SHARE + WITHDRAWAL_SHARE) {
      yield ['withdraw', { account: choose(random), amount: AMOUNT }];
    } else {
      yield ['account', { account: choose(random) }];
    }
  }
}

/** The sum of all balances after these commands, in whatever order they ran. */
function paidIn(commands: Iterable<BenchCommand>): number {
  let total = 0;
  for (const [name, args] of commands) {
    if (name === 'deposit') total += amountOf(args);
    else if (name === 'withdraw') total -= amountOf(args);
  }
  return total;
}

function amountOf(args: unknown): number {
  return typeof args === 'object' && args !== null && 'amount' in args ? Number(args.amount) : 0;
}
