/**
 * The service of examples/config: looks at settings, changes of one, and updates of two that are changed together. `cross`
 * is the share of the updates whose keys lie in different streams. Every change publishes an event.
 */
import type { Random } from '../random-source.js';
import { choosePair } from '../stream-pair.js';
import { anyResult, type BenchCommand, type Workload, type WorkloadOptions } from '../workload.js';
import { scrambledZipf } from '../zipf.js';

const GET_SHARE = 0.5;
const PUT_SHARE = 0.4;
const VALUE = 'a setting of thirty-two letters.';

export const configWorkload: Workload = {
  name: 'config',
  service: new URL('../../../examples/config/service.js', import.meta.url),
  load: firstSettings,
  generate: generateConfig,
  check: anyResult,
  conserved: null,
};

function settingName(setting: number): string {
  return `app/setting${setting}`;
}

function* firstSettings({ keys }: WorkloadOptions): Generator<BenchCommand> {
  for (let at = 0; at < keys; at++) yield ['put', { key: settingName(at), value: VALUE }];
}

function* generateConfig({ keys, zipf, cross, placement }: WorkloadOptions, random: Random): Generator<BenchCommand> {
  const number = scrambledZipf(keys, zipf);
  const choose = (source: Random): string => settingName(number(source));
  for (;;) {
    const kind = random();
    if (kind < GET_SHARE) yield ['get', { key: choose(random) }];
    else if (kind < GET_SHARE + PUT_SHARE) yield ['put', { key: choose(random), value: VALUE }];
    else {
      const pair = choosePair(choose, random() < cross, placement, random);
      yield ['update', { changes: pair.map((key) => ({ key, value: VALUE })) }];
    }
  }
}
