import { describe, expect, test } from 'vitest';
import kv from '../../bench/services/kv.js';
import { KV_MIXES, kvWorkload, SCAN_KEYS_MAX, type KvMix } from '../../bench/workloads/kv.js';
import { randomSource } from '../../bench/workloads/random-source.js';
import type { BenchCommand } from '../../bench/workloads/workload.js';
import { asService } from '../../src/service/define-service.js';
import { take, workloadOptions } from './bench-setting.js';
import { SequentialModel } from './sequential-model.js';

function generate(mix: KvMix, changes: Parameters<typeof workloadOptions>[0] = {}, count = 4000): BenchCommand[] {
  return take(kvWorkload(mix).generate(workloadOptions(changes), randomSource(3)), count);
}

function shareOf(commands: readonly BenchCommand[], name: string): number {
  return commands.filter(([each]) => each === name).length / commands.length;
}

describe('the kv workload', () => {
  test.each([
    ['a', { get: 0.5, set: 0.5 }],
    ['b', { get: 0.95, set: 0.05 }],
    ['c', { get: 1 }],
    ['d', { get: 0.95, set: 0.05 }],
    ['e', { getMany: 0.95, set: 0.05 }],
    ['f', { get: 0.5, readModifyWrite: 0.5 }],
    ['w', { set: 1 }],
  ] as const)('mix %s has the shares it is known for', (mix, shares) => {
    const commands = generate(mix);
    for (const [name, share] of Object.entries(shares)) expect(shareOf(commands, name)).toBeCloseTo(share, 1);
  });

  test.each(KV_MIXES)('mix %s is the same for the same seed, and runs on the service', (mix) => {
    const commands = generate(mix, { cross: 0.1, work: 1 }, 300);
    expect(generate(mix, { cross: 0.1, work: 1 }, 300)).toEqual(commands);
    const model = new SequentialModel(asService(kv));
    for (const command of kvWorkload(mix).load(workloadOptions())) model.execute(command);
    for (const command of commands) model.execute(command);
    for (const value of model.values.values()) expect(value).toHaveLength(8);
  });

  test('the cross-stream share is swaps of two keys in two streams', () => {
    const { placement } = workloadOptions({ streams: 4 });
    const commands = generate('a', { streams: 4, cross: 0.3 });
    expect(shareOf(commands, 'swap')).toBeCloseTo(0.3, 1);
    for (const [name, args] of commands) {
      if (name !== 'swap') continue;
      const { first, second } = args as { first: string; second: string };
      expect(placement.streamOf(first)).not.toBe(placement.streamOf(second));
    }
  });

  test('with one stream, a cross-stream share still has two keys', () => {
    expect(shareOf(generate('a', { streams: 1, cross: 1 }, 50), 'swap')).toBe(1);
  });

  test('mix d reads only keys that were inserted before, mostly recent ones', () => {
    const options = workloadOptions({ keys: 1000 });
    const known = new Set(take(kvWorkload('d').load(options), 1000).map(([, args]) => (args as { key: string }).key));
    let recent = 0;
    let reads = 0;
    for (const [name, args] of generate('d', { keys: 1000 })) {
      const { key } = args as { key: string };
      if (name === 'set') known.add(key);
      else {
        expect(known).toContain(key);
        reads++;
        if (Number(key.slice('user'.length)) >= known.size - 50) recent++;
      }
    }
    expect(recent / reads).toBeGreaterThan(0.4);
  });

  test('mix e scans a few consecutive keys', () => {
    for (const [name, args] of generate('e', {}, 200)) {
      if (name !== 'getMany') continue;
      const { keys } = args as { keys: string[] };
      expect(keys.length).toBeLessThanOrEqual(SCAN_KEYS_MAX);
      expect(new Set(keys).size).toBe(keys.length);
    }
  });

  test('work is a part of the arguments only where there is some', () => {
    expect(generate('a', {}, 1)[0]?.[1]).not.toHaveProperty('spin');
    expect(generate('a', { work: 12 }, 1)[0]?.[1]).toHaveProperty('spin', 12);
  });

  test('loads every key once, with a value of the size asked for', () => {
    const commands = take(kvWorkload('a').load(workloadOptions({ keys: 10, valueBytes: 32 })), 100);
    expect(new Set(commands.map(([, args]) => (args as { key: string }).key)).size).toBe(10);
    for (const [, args] of commands) expect((args as { value: string }).value).toHaveLength(32);
  });
});
