/**
 * The ledger at work: a purchase with a hold, an exchange of currencies in four legs, then thousands of transfers under
 * way while the books are audited again and again. Run it with `node dist/examples/ledger/demo.js`.
 */
import { Engine, type Client } from 'psmr';
import type ledger from './service.js';

const ACCOUNTS = 200;
const ROUNDS = 20;
const TRANSFERS_PER_ROUND = 500;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

type Ledger = Client<typeof ledger>;

async function purchase(client: Ledger): Promise<void> {
  await client.execute('open', { account: 'anna', currency: 'EUR' });
  await client.execute('open', { account: 'shop', currency: 'EUR' });
  await client.execute('deposit', { account: 'anna', amount: 100_00 });
  await client.execute('reserve', { account: 'anna', hold: 'order-17', amount: 60_00 });
  const [refused] = await client.executeBatch([['withdraw', { account: 'anna', amount: 50_00 }]]);
  if (!refused.ok) print(`refused: ${refused.error.message}`);
  const paid = await client.execute('capture', { account: 'anna', hold: 'order-17', to: 'shop', amount: 45_00 });
  const { available } = await client.execute('account', { account: 'anna' });
  print(`the shop got ${paid}, anna has ${available} again`);
}

async function exchangeCurrency(client: Ledger): Promise<void> {
  for (const account of ['bank/EUR', 'bank/USD', 'anna/USD'])
    await client.execute('open', { account, currency: account.slice(-3) });
  await client.execute('deposit', { account: 'bank/USD', amount: 1000_00 });
  const legs = [
    { account: 'anna', amount: -20_00 },
    { account: 'bank/EUR', amount: 20_00 },
    { account: 'bank/USD', amount: -22_00 },
    { account: 'anna/USD', amount: 22_00 },
  ];
  await client.execute('transfer', { legs });
  print(`anna has ${(await client.execute('account', { account: 'anna/USD' })).balance} USD`);
}

async function transfersUnderAudit(client: Ledger, auditor: Ledger): Promise<void> {
  const accounts = Array.from({ length: ACCOUNTS }, (_, at) => `account-${at}`);
  await client.executeBatch(accounts.map((account) => ['open', { account, currency: 'EUR' }] as const));
  await client.executeBatch(accounts.map((account) => ['deposit', { account, amount: 1000 }] as const));
  let refused = 0;
  let audits = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const transfers = Array.from({ length: TRANSFERS_PER_ROUND }, (_, at) => {
      const name = (step: number): string => `account-${(round * 31 + at * step) % ACCOUNTS}`;
      const amount = 1 + ((round + at) % 400);
      const legs = [
        { account: name(7), amount: -amount },
        { account: name(11), amount: amount - 1 },
        { account: 'shop', amount: 1 },
      ];
      return ['transfer', { legs: legs.filter((leg) => leg.amount !== 0) }] as const;
    });
    const running = client.executeBatch(transfers);
    const { problems } = await auditor.execute('audit');
    for (const problem of problems) print(`WRONG: ${problem}`);
    audits++;
    refused += (await running).filter((outcome) => !outcome.ok).length;
  }
  const { currencies } = await auditor.execute('audit');
  print(`${ROUNDS * TRANSFERS_PER_ROUND} transfers, ${refused} of them refused, ${audits} audits in between`);
  for (const [currency, { accounts: count, balance, paidIn }] of Object.entries(currencies).sort())
    print(`${count} accounts own ${balance} ${currency}, ${paidIn} were paid in`);
}

const engine = await Engine.start({ service: new URL('./service.js', import.meta.url), streams: 2 });
try {
  const client = engine.client<typeof ledger>();
  await purchase(client);
  await exchangeCurrency(client);
  await transfersUnderAudit(client, engine.client<typeof ledger>());
} finally {
  await engine.stop();
}
