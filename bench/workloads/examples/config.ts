/**
 * The service of examples/config: half the commands read a setting, half change one, each change published, with nobody
 * listening. `cross` is the share of all commands that are replaced by an update of two settings in two streams.
 */
import type { Random } from '../random-source.js';
import { choosePair } from '../stream-pair.js';
import type { BenchCommand, Workload, WorkloadOptions } from '../workload.js';
import { scrambledZipf } from '../zipf.js';

const GET_SHARE = 0.5;

export const configWorkload: Workload = {
  name: 'config',
  service: new URL('../../../examples/config/service.js', import.meta.url),
  load: putSettings,
  generate: generateConfig,
  check: checkVersions,
  conserved: null,
};

function settingName(setting: number): string {
  return `app${setting % 100}/setting${setting}`;
}

function change(key: string, stamp: number, valueBytes: number): { key: string; value: string } {
  return { key, value: String(stamp).padStart(valueBytes, '0') };
}

function* putSettings({ keys, valueBytes }: WorkloadOptions): Generator<BenchCommand> {
  for (let at = 0; at < keys; at++) yield ['put', change(settingName(at), at, valueBytes)];
}

function* generateConfig(options: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const { keys, zipf, cross, placement, valueBytes } = options;
  const number = scrambledZipf(keys, zipf);
  const choose = (source: Random): string => settingName(number(source));
  for (let stamp = keys; ; stamp++) {
    if (random() < cross) {
      const pair = choosePair(choose, true, placement, random);
      yield ['update', { changes: pair.map((key) => change(key, stamp, valueBytes)) }];
    } else if (random() < GET_SHARE) yield ['get', { key: choose(random) }];
    else yield ['put', change(choose(random), stamp, valueBytes)];
  }
}

/** All settings were there before: each has had a version, and each change gives it one more. */
function checkVersions([name, args]: BenchCommand, value: unknown): string | null {
  const right = name === 'get' ? hasVersion(value, 1) : [value].flat().every((version) => isVersion(version, 2));
  return right ? null : `${name} ${JSON.stringify(args)} gave ${JSON.stringify(value)}`;
}

function hasVersion(value: unknown, least: number): boolean {
  return typeof value === 'object' && value !== null && 'version' in value && isVersion(value.version, least);
}

function isVersion(version: unknown, least: number): boolean {
  return Number.isSafeInteger(version) && Number(version) >= least;
}
