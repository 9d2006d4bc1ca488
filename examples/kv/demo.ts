/**
 * The key-value store at work: compare-and-set, a transaction over two directories, ranges in order, an entry that
 * expires. Run it with `node dist/examples/kv/demo.js`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Engine } from 'psmr';
import type kv from './service.js';

const TTL_MS = 50;
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

const engine = await Engine.start({ service: new URL('./service.js', import.meta.url), streams: 2 });
try {
  const client = engine.client<typeof kv>();

  // Who read an old version does not overwrite a new one.
  const version = await client.execute('put', { key: 'settings/colour', value: 'red' });
  await client.execute('put', { key: 'settings/colour', value: 'blue' });
  const late = await client.execute('compareAndSet', { key: 'settings/colour', version, value: 'green' });
  print(late === null ? 'the colour was changed by another' : 'the colour is green');

  // Stock and order change at one moment, or neither does.
  await client.execute('put', { key: 'stock/apples', value: 10 });
  const apples = await client.execute('get', { key: 'stock/apples' });
  const { results } = await client.execute('transact', {
    compare: [{ key: 'stock/apples', version: apples?.version ?? null }],
    then: [
      { op: 'increment', key: 'stock/apples', by: -3 },
      { op: 'put', key: 'orders/anna/0001', value: { apples: 3 } },
      { op: 'increment', key: 'orders/anna/count', by: 1 },
    ],
  });
  print(`apples left: ${JSON.stringify(results?.[0])}`);

  const days = Array.from({ length: 30 }, (_, at) => String(at + 1).padStart(2, '0'));
  await client.executeBatch(
    days.map((day) => ['put', { key: `readings/cellar/2024-06-${day}`, value: Number(day) / 2 }] as const),
  );
  const range = { directory: 'readings/cellar', from: '2024-06-10', to: '2024-06-20', limit: 4 };
  const page = await client.execute('range', range);
  print(`from ${page.entries.map(({ name, value }) => `${name.slice(-2)}: ${JSON.stringify(value)}`).join(', ')} on`);
  print(`and on from ${String(page.next)}`);

  await client.execute('put', { key: 'sessions/17', value: 'anna', ttlMs: TTL_MS });
  print(`session: ${JSON.stringify(await client.execute('get', { key: 'sessions/17' }))}`);
  await sleep(TTL_MS + 10);
  print(`session, later: ${JSON.stringify(await client.execute('get', { key: 'sessions/17' }))}`);
  print(`swept: ${await client.execute('sweep')}`);
} finally {
  await engine.stop();
}
