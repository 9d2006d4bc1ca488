/** What clients of the registers service do: commands of one stream and of several, alone and in batches. */
import type { AnyCommand, RunOptions } from './record-run.js';

/** Values are unique: then nothing that is wrong can pass for right. */
export function registerActs(keyCount: number, prefix = 'key'): RunOptions['act'] {
  const latest = new Map<string, number>();
  let values = 0;
  const command = (random: () => number): AnyCommand => {
    const keyAt = (at: number): string => `${prefix}/${Math.floor(at * keyCount)}`;
    const [key, other, kind] = [keyAt(random()), keyAt(random()), random()];
    const value = ++values;
    if (kind < 0.1) return ['readAll', { keys: [key, other] }];
    if (kind < 0.4) return ['read', { key }];
    if (kind < 0.5) return ['swap', { one: key, other }];
    // A good guess at what is there now, so that some succeed.
    const from = latest.get(key) ?? null;
    latest.set(key, value);
    if (kind < 0.7) return ['cas', { key, from, to: value }];
    if (kind < 0.9) return ['write', { key, value }];
    latest.set(other, value + 0.5);
    return [
      'writeAll',
      {
        entries: [
          [key, value],
          [other, value + 0.5],
        ],
      },
    ];
  };
  return ({ random }) =>
    random() < 0.8 ? command(random) : Array.from({ length: 1 + Math.floor(random() * 4) }, () => command(random));
}
