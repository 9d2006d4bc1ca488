/** What a user of `npm run bench:peers` sees, on real processes (so from the built package). */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { connectEtcd } from '../../bench/peers/etcd-clients.js';
import { kvSets, setOf } from '../../bench/peers/kv-sets.js';
import { programFile } from '../../bench/peers/programs.js';
import { withLoadCores } from '../../bench/side-by-side/load-cores.js';
import { clientsOf, connectionsOf } from '../../bench/side-by-side/load-shape.js';
import { parsePeersOptions } from '../../bench/side-by-side/options.js';
import { peersPage } from '../../bench/side-by-side/peers-page.js';
import { dividedByPool } from '../../bench/side-by-side/piscina-pools.js';
import { peersText } from '../../bench/side-by-side/report.js';
import { REFERENCES, ROW_NAMES } from '../../bench/side-by-side/row-names.js';
import type { PeerRow, Run } from '../../bench/side-by-side/row.js';
import { rowsOf, runRows } from '../../bench/side-by-side/run-rows.js';

const directory = mkdtempSync(join(tmpdir(), 'peers-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const PROGRAM = join(import.meta.dirname, '../../dist/bench/peers-comparison.js');
const TINY = '--seconds 0.05 --rounds 1 --keys 500 --batch 10 --outstanding 100'.split(' ');
/** Those that start more processes of Node, or sync much, take several seconds each. */
const SLOW_ROWS = ['psmr-disk', 'psmr-replicas', 'psmr-replicas-calls', 'redis-disk', 'redis-replicas', 'nats-log'];
const QUICK_ROWS = ROW_NAMES.filter((name) => !SLOW_ROWS.includes(name));
const ROWS = process.env['BENCH_ROWS'] === 'all' ? ROW_NAMES : QUICK_ROWS;

const spread = z.strictObject({ median: z.number().positive(), min: z.number(), max: z.number() });
const rowSchema = z.object({
  name: z.string(),
  promises: z.record(z.string(), z.string().min(1)),
  commandsPerSecond: spread.optional(),
  ratio: spread.nullish(),
  skipped: z.string().optional(),
});
const outSchema = z.object({ rows: z.array(rowSchema), command: z.string() });

describe('bench:peers', () => {
  test('gives each row a figure and its promises, or says what is missing', { timeout: 120_000 }, async () => {
    const [json, report] = [join(directory, 'out.json'), join(directory, 'out.html')];
    const args = [PROGRAM, ...TINY, '--only', ROWS.join(','), '--json', json, '--report', report, '--data', directory];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    const { rows, command } = outSchema.parse(JSON.parse(readFileSync(json, 'utf8')));
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...ROWS].toSorted());
    const page = readFileSync(report, 'utf8');
    expect(page).toContain(command);
    for (const { name, commandsPerSecond, skipped, promises } of rows) {
      expect(Object.keys(promises)).toEqual(['replicated', 'onDisk', 'linearizable', 'roundTrip']);
      expect(stdout).toContain(`  ${name}: `);
      expect(page).toContain(`<td>${name}</td>`);
      if (commandsPerSecond === undefined) expect(skipped).toMatch(/apt-get install|nats-server 2.10 or later/);
    }
  });

  test.each([
    ['only', 'mysql', /^--only: found 'mysql'; accepts one of psmr-memory,/],
    ['rounds', '0', /^--rounds: found '0'; accepts a whole number from 1/],
    ['batch', '129', /^--batch: found '129'; accepts a whole number from 1 to 128/],
  ])('refuses a wrong --%s', (option, value, message) => {
    expect(() => parsePeersOptions({ [option]: value })).toThrow(message);
  });

  test('a program that is not installed is named with the package to install', async () => {
    await expect(programFile('etcd', directory)).rejects.toMatchObject({
      code: 'NOT_SUPPORTED',
      message: expect.stringContaining('apt-get install etcd-server') as string,
    });
  });

  test('every class has its row of psmr', () => {
    const names = new Set(rowsOf({ only: [...ROW_NAMES] }).map(({ name }) => name));
    expect([...names].toSorted()).toEqual([...ROW_NAMES].toSorted());
    for (const reference of Object.values(REFERENCES)) expect(reference).toMatch(/^psmr-/);
  });
});

describe('rows in turn', () => {
  const options = parsePeersOptions({ rounds: 2, seconds: 0.01 });

  function row(name: PeerRow['name'], start: () => Promise<Run>): PeerRow {
    const [real] = rowsOf({ only: [name] });
    if (real === undefined) throw new Error(`no row ${name}`);
    return { ...real, start };
  }

  function rates(...each: readonly number[]): () => Promise<Run> {
    const left = [...each];
    return () =>
      Promise.resolve(() => Promise.resolve({ commandsPerSecond: left.shift() ?? 0, p50Ms: 1, p99Ms: null }));
  }

  test('the first turn does not count; ratios are of the same round', async () => {
    const rows = [row('psmr-disk', rates(1, 100, 300)), row('redis-disk', rates(1, 50, 600))];
    const [, redis] = await runRows(rows, options, () => undefined);
    expect(redis?.result).toMatchObject({
      commandsPerSecond: { median: 325, min: 50, max: 600 },
      ratio: { median: 1.25, min: 0.5, max: 2 },
      p50Ms: { median: 1 },
      p99Ms: null,
    });
  });

  test("a row that fails costs none of the others' figures; without psmr's there is no ratio", async () => {
    const failing = (): Promise<Run> => {
      let turns = 0;
      return Promise.resolve(() =>
        ++turns > 2 ? Promise.reject(new Error('gone')) : Promise.resolve({ commandsPerSecond: 1, p50Ms: 1, p99Ms: 1 }),
      );
    };
    const rows = [row('psmr-disk', failing), row('redis-disk', rates(1, 5, 7))];
    const results = await runRows(rows, options, () => undefined);
    expect(results.map(({ result }) => result)).toMatchObject([{ failed: 'gone' }, { ratio: null }]);
    const text = peersText(results, options, 'apt-get install etcd-server');
    expect(text).toContain('psmr-disk failed: gone');
    expect(text).toContain('this installs them: apt-get install etcd-server');
    const [disk] = peersPage(results, options, null).sections;
    expect(disk?.notes).toContain('psmr-disk failed: gone');
    expect(disk?.table?.rows.map((cells) => cells.slice(0, 3))).toEqual([
      ['psmr-disk', 'failed', ''],
      ['redis-disk', '6', '5 - 7'],
    ]);
  });
});

describe('the load', () => {
  test('leaves as many commands unanswered in every row, whatever a call has', () => {
    const options = parsePeersOptions({ outstanding: 5000 });
    expect([connectionsOf(options, 1), connectionsOf(options, 100)]).toEqual([10, 10]);
    expect(clientsOf(options, 100)).toEqual({ clients: 2, outstanding: 2500 });
    const one = parsePeersOptions({ outstanding: 1 });
    expect([one.batch, connectionsOf(one, 1), clientsOf(one, 1)]).toEqual([1, 1, { clients: 1, outstanding: 1 }]);
  });

  test("each pool has its own keys, and all of them are some pool's", () => {
    const sets = kvSets(100);
    const parts = dividedByPool(sets);
    const keys = parts.map((part) => new Set(part.map((command) => setOf(command).key)));
    expect(parts.flat()).toHaveLength(sets.length);
    expect([...(keys[0] ?? [])].filter((key) => keys[1]?.has(key))).toEqual([]);
  });

  test('processor time of this process is seen', async () => {
    const busy = (): Promise<void> => {
      const end = performance.now() + 200;
      while (performance.now() < end);
      return Promise.resolve();
    };
    const { cores } = await withLoadCores(busy);
    if (process.platform === 'linux') expect(cores).toBeGreaterThan(0.01);
  });
});

describe('clients of etcd', () => {
  /** Keeps what it is sent, and answers with that status. */
  async function server(status: string): Promise<{ url: string; calls: { path: string; body: Buffer }[] }> {
    const calls: { path: string; body: Buffer }[] = [];
    const listening = createServer();
    listening.on('stream', (stream, headers) => {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        calls.push({ path: String(headers[':path']), body: Buffer.concat(chunks) });
        stream.respond({ ':status': 200 }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status }));
        stream.end();
      });
    });
    listening.listen(0, '127.0.0.1');
    await once(listening, 'listening');
    onTestFinished(() => void listening.close());
    return { url: `http://127.0.0.1:${(listening.address() as AddressInfo).port}`, calls };
  }

  test('put a single command, and several in one transaction without the same key twice', async () => {
    const { url, calls } = await server('0');
    const [client] = await connectEtcd(url, 1);
    const set = (key: string, value: string): readonly [string, unknown] => ['set', { key, value }];
    expect(await client?.executeBatch([set('a', '1')])).toHaveLength(1);
    expect(await client?.executeBatch([set('a', '1'), set('b', '2'), set('a', '3')])).toHaveLength(3);
    await client?.close();
    const put = (key: string, value: string): number[] => [10, 1, key.charCodeAt(0), 18, 1, value.charCodeAt(0)];
    const inTransaction = (key: string, value: string): number[] => [18, 8, 18, 6, ...put(key, value)];
    expect(calls.map(({ path }) => path)).toEqual(['/etcdserverpb.KV/Put', '/etcdserverpb.KV/Txn']);
    expect([...(calls[0]?.body ?? [])]).toEqual([0, 0, 0, 0, 6, ...put('a', '1')]);
    expect([...(calls[1]?.body ?? [])]).toEqual([
      0,
      0,
      0,
      0,
      20,
      ...inTransaction('a', '3'),
      ...inTransaction('b', '2'),
    ]);
  });

  test('reject when it refuses', async () => {
    const { url } = await server('14');
    const [client] = await connectEtcd(url, 1);
    await expect(client?.executeBatch([['set', { key: 'a', value: '1' }]])).rejects.toThrow('gRPC status 14');
    await client?.close();
  });
});
