import { describe, expect, test } from 'vitest';
import { lineOf, startProgram } from '../../bench/redis/child.js';
import { rateIn } from '../../bench/redis/redis.js';

const CSV = ['"test","rps","avg_latency_ms"', '"SET","651465.75","7.181"', '"GET","602409.69","7.905"', ''].join('\n');

describe('the comparison with Redis', () => {
  test('reads the rates that redis-benchmark tells', () => {
    expect(rateIn(CSV, 'GET')).toBe(602_409.69);
    expect(() => rateIn(CSV, 'INCR')).toThrow('no rate of INCR');
  });

  test('says what to do where a program is missing', async () => {
    const started = startProgram('no-such-program', [], 'apt-get install it');
    await expect(started).rejects.toMatchObject({ code: 'NOT_SUPPORTED', message: 'apt-get install it' });
  });

  test('does not wait for a program that ended before it was ready', async () => {
    const child = await startProgram(process.execPath, ['-e', 'console.log("no")'], '');
    await expect(lineOf(child, (line) => line === 'ready')).rejects.toThrow('ended before it was ready');
  });
});
