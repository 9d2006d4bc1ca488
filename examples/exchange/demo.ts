/**
 * The exchange at work: orders that rest and match by price, then time; a risk limit; a basket over two symbols. Run it
 * with `node dist/examples/exchange/demo.js`.
 */
import { Engine, type Client } from 'psmr';
import type exchange from './service.js';

const print = (line: string): boolean => process.stdout.write(`${line}\n`);

async function openAccounts(client: Client<typeof exchange>): Promise<void> {
  for (const account of ['anna', 'bert', 'carl']) {
    const to = ['AAPL', 'MSFT'].map((symbol) => ({ symbol, amount: 5000 }));
    await client.execute('allot', { account, limit: 10_000, to });
  }
}

const engine = await Engine.start({ service: new URL('./service.js', import.meta.url), streams: 2 });
try {
  const client = engine.client<typeof exchange>();
  await openAccounts(client);

  const aapl = { symbol: 'AAPL', side: 'sell', size: 10 } as const;
  await client.execute('order', { ...aapl, account: 'anna', id: 'a1', price: 101 });
  await client.execute('order', { ...aapl, account: 'bert', id: 'b1', price: 100 });
  await client.execute('order', { ...aapl, account: 'anna', id: 'a2', price: 100 });
  const buy = { symbol: 'AAPL', account: 'carl', side: 'buy' } as const;
  const { fills, resting } = await client.execute('order', { ...buy, id: 'c1', size: 25, price: 100 });
  for (const { size, price, account } of fills) print(`carl buys ${size} at ${price} from ${account}`);
  print(`${resting} of carl's order rest: ${JSON.stringify(await client.execute('depth', { symbol: 'AAPL' }))}`);

  const tooMuch = await client.execute('order', { ...buy, id: 'c2', size: 100, price: 99 });
  print(`100 more: refused for ${tooMuch.refused}`);

  // One leg finds nobody to trade with, so the other is not executed either.
  await client.execute('order', { symbol: 'MSFT', account: 'bert', id: 'b2', side: 'buy', size: 5, price: 50 });
  const legs = [
    { symbol: 'AAPL', id: 'c3', side: 'buy', size: 5, price: 101 },
    { symbol: 'MSFT', id: 'c4', side: 'sell', size: 5, price: 51 },
  ] as const;
  print(`basket: ${(await client.execute('basket', { account: 'carl', legs })).refused}`);
  const { results } = await client.execute('basket', { account: 'carl', legs: [legs[0], { ...legs[1], price: 50 }] });
  print(`at another price: ${results.map(({ filled }) => filled).join(' and ')} filled`);

  print(`taken back: ${await client.execute('cancel', { ...buy, id: 'c1', price: 100 })}`);
  const { books, orders, problems } = await client.execute('check');
  print(`${books} books, ${orders} orders, ${problems.length} problems`);
} finally {
  await engine.stop();
}
