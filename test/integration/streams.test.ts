import { describe, expect, it } from 'vitest';
import { Engine } from 'psmr';
import { rejectionOf } from './codes.js';
import { serviceUrl } from './compiled.js';
import type ledger from './services/ledger.js';
import { startEngine } from './temporary.js';

const service = serviceUrl('ledger');

describe('the number of streams', () => {
  it.each([0, 65, 1.5, -1])('cannot be %s, and the error says where that stands', async (streams) => {
    const error = await rejectionOf(Engine.start({ service, streams }));
    expect(error.code).toBe('INVALID_CONFIG');
    expect(error.message).toContain("'streams'");
  });

  it.each([1, 2, 3, 64])('can be %i: commands of one key, of two keys and of all keys run', async (streams) => {
    const engine = await startEngine({ service, streams });
    const client = engine.client<typeof ledger>();
    const accounts = Array.from({ length: 100 }, (_, at) => `account/${at}`);
    const added = await client.executeBatch(accounts.map((key) => ['add', { key, by: 10, id: `add ${key}` }] as const));
    expect(added.every((outcome) => outcome.ok)).toBe(true);
    const moved = await client.executeBatch(
      accounts.map(
        (from, at) =>
          ['transfer', { from, to: accounts[(at + 1) % 100] ?? '', amount: at, id: `transfer ${at}` }] as const,
      ),
    );
    expect(moved.every((outcome) => outcome.ok)).toBe(true);
    expect(await client.execute('stamp', { prefix: 'account/', id: 'stamp' })).toBe(100);
    const dump = await client.execute('dump');
    expect(dump).toHaveLength(100);
    expect(dump.reduce((sum, [, record]) => sum + record.amount, 0)).toBe(100 * 10 + 100);
    for (const [, record] of dump) expect(record.ids).toHaveLength(4);
    await client.close();
  });
});
