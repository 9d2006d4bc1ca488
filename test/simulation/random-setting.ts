/** What the simulations have in common: a partition map and keys that a seed decides, and how seeds are run. */
import { expect } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import type { PartitionMap } from '../../src/classifier/partition-map.js';
import { seededRandom } from '../seeded-random.js';
import type { ModelOutcome } from './model-service.js';

export interface Setting {
  readonly map: PartitionMap;
  readonly keys: readonly string[];
  /** Whether a key is placed everywhere. */
  readonly isShared: (key: string) => boolean;
}

export function randomSetting(random: () => number, streamsMax: number): Setting {
  const streams = 1 + Math.floor(random() * streamsMax);
  const shared = random() < 0.4;
  const map = createPartitionMap({
    streams,
    partitioning: {
      classes: {
        ...(shared ? { 's:': { place: 'everywhere' as const } } : {}),
        'p:': { place: 'pin' as const, stream: 1 + Math.floor(random() * streams) },
      },
    },
  });
  const hashed = Array.from({ length: 3 + Math.floor(random() * 12) }, (_, at) => `k${at}`);
  return { map, keys: [...hashed, 'p:1', 'p:3', 's:1', 's:3'], isShared: (key) => shared && key.startsWith('s:') };
}

/** The seeds of this run: PSMR_SEED replays one, PSMR_SEEDS says how many. */
function seedsOf(count: number): number[] {
  const only = process.env['PSMR_SEED'];
  const seeds = Number(process.env['PSMR_SEEDS'] ?? count);
  return only === undefined ? Array.from({ length: seeds }, (_, seed) => seed) : [Number(only)];
}

/** Runs a simulation for many seeds; a failure names its seed and how to replay it. */
export async function forEachSeed(
  file: string,
  count: number,
  simulate: (random: () => number, seed: number) => void | Promise<void>,
): Promise<void> {
  for (const seed of seedsOf(count)) {
    try {
      await simulate(seededRandom(seed), seed);
    } catch (cause) {
      throw new Error(`seed ${seed} (replay: PSMR_SEED=${seed} npx vitest run test/simulation/${file})`, { cause });
    }
  }
}

export function expectOutcome(found: ModelOutcome, wanted: ModelOutcome | undefined, id: number): void {
  // Which partition's error an every-key command reports is not the model's to say.
  if (wanted !== undefined && 'error' in wanted && wanted.error === 'not *') expect(found).toHaveProperty('error');
  else expect(found, `command ${id}`).toEqual(wanted);
}
