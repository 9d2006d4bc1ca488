import { describe, expect, test } from 'vitest';
import { lineOf, startProgram } from '../../bench/peers/child.js';
import { redisFiguresOf } from '../../bench/peers/redis-server.js';

const HEAD = '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max"';
const CSV = [
  HEAD,
  '"SET","651465.75","7.181","1.5","6.9","9.1","11.2","12"',
  '"GET","602409.69","7.905","1","2","3","4","5"',
  '',
].join('\n');

describe('the comparison with Redis', () => {
  test('reads the figures that redis-benchmark tells', () => {
    expect(redisFiguresOf(CSV, 'SET')).toEqual({ commandsPerSecond: 651_465.75, p50Ms: 6.9, p99Ms: 11.2 });
    expect(() => redisFiguresOf(CSV, 'INCR')).toThrow('no rate of INCR');
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
