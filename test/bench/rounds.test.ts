import { describe, expect, test } from 'vitest';
import { LatencyRecorder } from '../../bench/measure/latency-recorder.js';
import { measureRounds } from '../../bench/measure/rounds.js';
import { spreadOf } from '../../bench/measure/spread.js';
import type { Contender, Sample, TechniqueName } from '../../bench/techniques/technique.js';

/** Reports the given rates, one per round, and writes down what was asked of it. */
function contender(technique: TechniqueName, rates: number[], diary: string[], latencyUs?: number): Contender {
  let run = -1;
  return {
    variant: { technique, durability: 'memory', streams: 1 },
    prepare: async () => void diary.push(`prepare ${technique}`),
    run: async (seconds): Promise<Sample> => {
      diary.push(`run ${technique}`);
      const commands = run < 0 ? 0 : (rates[run] ?? 0) * seconds;
      run++;
      const latencies = latencyUs === undefined ? null : new LatencyRecorder();
      latencies?.record(latencyUs ?? 0, 10);
      return { commands, seconds, latencies };
    },
    verify: async () => void diary.push(`verify ${technique}`),
    stop: async () => void diary.push(`stop ${technique}`),
  };
}

const plan = { rounds: 3, seconds: 2, warmupSeconds: 1 };

describe('rounds', () => {
  test('contenders take turns, each other round backwards, after one uncounted run each', async () => {
    const diary: string[] = [];
    await measureRounds(
      [contender('smr', [1, 1, 1], diary), contender('p-smr', [1, 1, 1], diary)],
      plan,
      () => undefined,
    );
    expect(diary).toEqual([
      ...['prepare smr', 'run smr', 'prepare p-smr', 'run p-smr'],
      ...['run smr', 'run p-smr', 'run p-smr', 'run smr', 'run smr', 'run p-smr'],
      ...['verify smr', 'verify p-smr', 'stop smr', 'stop p-smr'],
    ]);
  });

  test('give median, min and max, the ratio to the first, and how far that scattered', async () => {
    const contenders = [contender('smr', [100, 200, 300], []), contender('p-smr', [300, 400, 450], [])];
    const [first, second] = await measureRounds(contenders, plan, () => undefined);
    expect(first).toMatchObject({ ratioToFirst: 1, commandsPerSecond: { median: 200, min: 100, max: 300 } });
    expect(second).toMatchObject({ ratioToFirst: 2, ratioRange: { min: 1.5, max: 3 }, latencyUs: null });
  });

  test('put the latencies of all rounds together', async () => {
    const [only] = await measureRounds([contender('smr', [1, 1, 1], [], 250)], plan, () => undefined);
    expect(only?.latencyUs).toEqual({ p50: 250, p90: 250, p99: 250, p999: 250, max: 250 });
  });

  test('tell of every step', async () => {
    const lines: string[] = [];
    await measureRounds([contender('smr', [1500, 1, 1], [])], plan, (line) => lines.push(line));
    expect(lines[0]).toBe('preparing smr');
    expect(lines[1]).toBe('round 1 of 3: smr 1,500 commands/s');
    expect(lines.at(-1)).toBe('checking results and final states');
    expect(lines).toHaveLength(5);
  });

  test('give no figures when a contender did not execute what it should have', async () => {
    const diary: string[] = [];
    const wrong: Contender = {
      ...contender('p-smr', [1, 1, 1], diary),
      verify: () => Promise.reject(new Error('money is missing')),
    };
    await expect(measureRounds([wrong], plan, () => undefined)).rejects.toThrow('money is missing');
    expect(diary.at(-1)).toBe('stop p-smr');
  });

  test('stop every contender when one fails, also while it prepares', async () => {
    const diary: string[] = [];
    const broken: Contender = {
      ...contender('p-smr', [], diary),
      prepare: () => Promise.reject(new Error('no memory')),
    };
    const contenders = [contender('smr', [], diary), broken];
    await expect(measureRounds(contenders, plan, () => undefined)).rejects.toThrow('no memory');
    expect(diary.filter((line) => line.startsWith('stop'))).toEqual(['stop smr', 'stop p-smr']);
  });
});

describe('a spread', () => {
  test('has the middle value, or the mean of the two in the middle', () => {
    expect(spreadOf([3, 1, 2])).toEqual({ median: 2, min: 1, max: 3 });
    expect(spreadOf([10, 1, 2, 4])).toEqual({ median: 3, min: 1, max: 10 });
    expect(spreadOf([7])).toEqual({ median: 7, min: 7, max: 7 });
  });
});

describe('recorded latencies', () => {
  test('are true to three digits, weighted by commands, from 1 us up', () => {
    const recorder = new LatencyRecorder();
    recorder.record(0.2, 899);
    recorder.record(1000, 100);
    recorder.record(123_456, 1);
    const { p50, p90, p99, max } = recorder.summary();
    expect(p50).toBe(1);
    expect(p90).toBe(1000);
    expect(p99).toBe(1000);
    expect(Math.abs(max / 123_456 - 1)).toBeLessThan(0.001);
  });

  test('are the same after a journey to another thread', () => {
    const recorder = new LatencyRecorder();
    for (let us = 1; us < 1e6; us *= 3) recorder.record(us, us);
    const arrived = LatencyRecorder.decode(recorder.encode());
    const { max, ...percentiles } = recorder.summary();
    expect(arrived.summary()).toMatchObject(percentiles);
    // Three digits of it travel.
    expect(Math.abs(arrived.summary().max / max - 1)).toBeLessThan(0.001);
    arrived.add(recorder);
    expect(arrived.summary()).toMatchObject(percentiles);
  });
});
