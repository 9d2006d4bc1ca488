/**
 * YCSB's core mixes (Cooper et al., SoCC 2010) on a key-value service:
 *
 *   a  50% get, 50% set          d  95% get of recent keys, 5% set of new ones
 *   b  95% get, 5% set           e  95% scan, 5% set of new keys
 *   c  100% get                  f  50% get, 50% read-modify-write (one command)
 *
 * and `w`, which YCSB has not: 100% set.
 *
 * The service is hashed and has no key order, so a scan is a read of 1 to SCAN_KEYS_MAX consecutive keys named one by one;
 * most of them touch several streams, whatever `cross` says. `cross` is the share of all commands that are replaced by
 * `swap`, which exchanges the values of two keys in two different streams.
 */
import { below, type Random } from './random-source.js';
import { choosePair } from './stream-pair.js';
import { withWork } from './work.js';
import { anyResult, type BenchCommand, type Workload, type WorkloadOptions } from './workload.js';
import { scrambledZipf, type Choice, zipfRanks } from './zipf.js';

export const KV_MIXES = ['a', 'b', 'c', 'd', 'e', 'f', 'w'] as const;
export type KvMix = (typeof KV_MIXES)[number];

export const SCAN_KEYS_MAX = 10;
const LATEST_THETA = 0.99;

const READ_SHARE: Readonly<Record<KvMix, number>> = { a: 0.5, b: 0.95, c: 1, d: 0.95, e: 0.95, f: 0.5, w: 0 };

export function kvWorkload(mix: KvMix): Workload {
  return {
    name: 'kv',
    service: new URL('../services/kv.js', import.meta.url),
    load: loadKeys,
    generate: (options, random) => generateKv(mix, options, random),
    check: anyResult,
    conserved: null,
  };
}

function keyName(key: number): string {
  return `user${key}`;
}

/** A value of exactly `bytes` characters that tells which write it came from. */
export function valueOf(stamp: number, bytes: number): string {
  return stamp.toString(36).padStart(bytes, '0').slice(-bytes);
}

function* loadKeys({ keys, valueBytes }: WorkloadOptions): Generator<BenchCommand> {
  for (let key = 0; key < keys; key++) yield ['set', { key: keyName(key), value: valueOf(key, valueBytes) }];
}

function* generateKv(mix: KvMix, options: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const store: GrowingStore = { keys: options.keys, stamps: options.keys };
  const choose = scrambledZipf(options.keys, options.zipf);
  const read = reader(mix, options, choose, store);
  const write = writer(mix, options, choose, store);
  for (;;) {
    if (random() < options.cross) yield swap(options, choose, random);
    else yield random() < READ_SHARE[mix] ? read(random) : write(random);
  }
}

/** How far the inserts of this run have come. */
interface GrowingStore {
  keys: number;
  stamps: number;
}

type Maker = (random: Random) => BenchCommand;

function reader(mix: KvMix, { work, zipf, keys }: WorkloadOptions, choose: Choice, store: GrowingStore): Maker {
  if (mix === 'e') {
    return (random) => {
      const count = 1 + below(SCAN_KEYS_MAX, random);
      const first = choose(random);
      return ['getMany', withWork({ keys: consecutiveKeys(first, count, store.keys) }, work)];
    };
  }
  if (mix === 'd') {
    const age = zipfRanks(keys, zipf === 0 ? LATEST_THETA : zipf);
    return (random) => ['get', withWork({ key: keyName(store.keys - 1 - age(random)) }, work)];
  }
  return (random) => ['get', withWork({ key: keyName(choose(random)) }, work)];
}

function consecutiveKeys(first: number, count: number, keys: number): string[] {
  return Array.from({ length: Math.min(count, keys) }, (_, i) => keyName((first + i) % keys));
}

function writer(mix: KvMix, { work, valueBytes }: WorkloadOptions, choose: Choice, store: GrowingStore): Maker {
  const inserts = mix === 'd' || mix === 'e';
  const name = mix === 'f' ? 'readModifyWrite' : 'set';
  return (random) => {
    const key = keyName(inserts ? store.keys++ : choose(random));
    return [name, withWork({ key, value: valueOf(store.stamps++, valueBytes) }, work)];
  };
}

function swap({ placement, work }: WorkloadOptions, choose: Choice, random: Random): BenchCommand {
  const [first, second] = choosePair((source) => keyName(choose(source)), true, placement, random);
  return ['swap', withWork({ first, second }, work)];
}
