/** What a user of `npm run bench:replication` sees, on real processes (so from the built package). */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { slopeOf } from '../../bench/replication/memory-flat-row.js';
import { parseReplicationOptions, ROW_NAMES } from '../../bench/replication/options.js';
import { PipelinedSets } from '../../bench/peers/pipelined-sets.js';
import { replicationText } from '../../bench/replication/report.js';
import { Resources } from '../../bench/peers/resources.js';
import { ratioOf, takeTurns } from '../../bench/measure/turns.js';

const directory = mkdtempSync(join(tmpdir(), 'replication-test-'));
afterAll(() => rmSync(directory, { recursive: true }));

const PROGRAM = join(import.meta.dirname, '../../dist/bench/replication-comparison.js');
const TINY =
  '--seconds 0.1 --rounds 1 --keys 500 --batch 50 --outstanding 500 --kills 1 --missed 1000 --minutes 0.01'.split(' ');
/** Those that start more processes, or kill some, take several seconds each. */
const QUICK_ROWS = ROW_NAMES.filter((name) => !['reads', 'failover', 'rejoin'].includes(name));
const ROWS = process.env['BENCH_ROWS'] === 'all' ? ROW_NAMES : QUICK_ROWS;

const spread = z.strictObject({ median: z.number(), min: z.number(), max: z.number() });
const rowSchema = z.object({
  name: z.enum(ROW_NAMES),
  verdict: z.enum(['aim met', 'bar met', 'missed']).optional(),
  figure: spread.optional(),
  details: z.array(z.strictObject({ what: z.string(), unit: z.string(), spread })).optional(),
  skipped: z.string().optional(),
});

describe('bench:replication', () => {
  test('gives each row a figure, or says what is missing', { timeout: 120_000 }, async () => {
    const file = join(directory, 'out.json');
    const args = [PROGRAM, ...TINY, '--only', ROWS.join(','), '--json', file, '--data', directory];
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
    const { rows } = z.object({ rows: z.array(rowSchema) }).parse(JSON.parse(readFileSync(file, 'utf8')));
    expect(rows.map(({ name }) => name).toSorted()).toEqual([...ROWS].toSorted());
    for (const { name, figure, verdict, skipped } of rows) {
      expect(stdout).toContain(`${name}: `);
      expect(stderr).toContain(`${name}: starting`);
      if (skipped === undefined) expect([figure?.median, verdict]).toEqual([expect.any(Number), expect.any(String)]);
      else expect(skipped).toContain('apt-get install');
    }
  });

  test.each([
    ['only', 'speed', /^--only: found 'speed'; accepts one of throughput,/],
    ['rounds', '0', /^--rounds: found '0'; accepts a whole number from 1/],
    ['outstanding', '10', /^--outstanding: found 10; accepts 2000 \(--batch\) or more/],
  ])('refuses a wrong --%s', (option, value, message) => {
    expect(() => parseReplicationOptions({ [option]: value })).toThrow(message);
  });
});

describe('the load for Redis', () => {
  /** Answers whatever is sent with the next of these. */
  async function server(...answers: readonly string[]): Promise<PipelinedSets> {
    const left = [...answers];
    const sockets = new Set<Socket>();
    const listening = createServer((socket) => {
      sockets.add(socket);
      socket.on('data', () => socket.write(left.shift() ?? ''));
    }).listen(0, '127.0.0.1');
    await once(listening, 'listening');
    const address = listening.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const sets = await PipelinedSets.connect({ port: address.port, connections: 1, pipeline: 2, keys: 10 });
    onTestFinished(async () => {
      await sets.close();
      for (const socket of sockets) socket.destroy();
      listening.close();
    });
    return sets;
  }

  test('counts the writes of a block when its WAIT is answered', async () => {
    const sets = await server('+OK\r\n+OK\r\n:2\r\n');
    expect(await sets.run(0)).toMatchObject({ commands: 2 });
  });

  test('rejects when Redis answers with an error', async () => {
    const sets = await server('+OK\r\n-MISCONF no disk\r\n');
    await expect(sets.run(10)).rejects.toThrow('MISCONF no disk');
  });
});

describe('figures', () => {
  test('contenders take turns, every other round backwards', async () => {
    const order: string[] = [];
    const run = (name: string) => (): Promise<number> => Promise.resolve(order.push(name));
    const turns = await takeTurns({ a: run('a'), b: run('b') }, 2, () => undefined);
    expect(order).toEqual(['a', 'b', 'b', 'a']);
    expect(turns).toEqual({ a: [1, 4], b: [2, 3] });
    expect(ratioOf([10, 20, 90], [10, 10, 10])).toEqual({ median: 2, min: 1, max: 9 });
  });

  test('a text says whether bar and aim are met, whichever side is better', () => {
    const row = { what: '', unit: 'ms', bar: 20, aim: 5, run: () => Promise.reject(new Error('not run')) } as const;
    const textOf = (better: 'more' | 'less', median: number): string =>
      replicationText([
        { row: { ...row, name: 'one', better }, result: { figure: { median, min: 1, max: 99 }, details: [] } },
      ]);
    expect(textOf('less', 4)).toContain('4 (1 - 99) ms: aim met (bar 20 ms, aim 5 ms)');
    expect(textOf('less', 20)).toContain('bar met');
    expect(textOf('less', 21)).toContain('missed');
    expect(textOf('more', 21)).toContain('aim met');
  });

  test('a row that fails says why', () => {
    const row = { name: 'one', what: 'w', unit: '', better: 'less', bar: 1, aim: 1 } as const;
    const run = { ...row, run: () => Promise.reject(new Error('not run')) };
    expect(replicationText([{ row: run, result: { failed: 'UNREACHABLE: gone' } }])).toBe(
      'one: w\n  failed: UNREACHABLE: gone\n',
    );
  });

  test('the slope of a line is its own', () => {
    expect(slopeOf([3, 5, 7, 9])).toBeCloseTo(2);
    expect(slopeOf([4, 4])).toBe(0);
    expect(slopeOf([1])).toBe(0);
  });
});

describe('what is open', () => {
  test('is closed last first, though one fails; what comes later is closed at once', async () => {
    const resources = new Resources(null);
    const closed: string[] = [];
    const close = (name: string) => (): Promise<void> => {
      closed.push(name);
      return name === 'second' ? Promise.reject(new Error('stuck')) : Promise.resolve();
    };
    resources.onClose(close('first'));
    resources.onClose(close('second'));
    await expect(resources.close()).rejects.toThrow('stuck');
    expect(closed).toEqual(['second', 'first']);
    expect(() => resources.onClose(close('late'))).toThrow('Interrupted');
    expect(closed).toEqual(['second', 'first', 'late']);
  });
});
