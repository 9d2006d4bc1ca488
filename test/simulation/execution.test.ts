/**
 * Thousands of schedules of the real execution path in one thread: every outcome and the final state must equal those
 * of one sequential order that respects the logs. A failing seed is in the test's name: PSMR_SEED=n replays it alone.
 */
import { describe, expect, it } from 'vitest';
import { createPartitionMap } from '../../src/classifier/create-partition-map.js';
import { seededRandom } from '../seeded-random.js';
import { SequentialModel, service, type ModelCommand } from './model-service.js';
import { serialOrder } from './serial-order.js';
import { SimulatedClient, SimulatedEngine } from './simulated-engine.js';

const SEEDS = Number(process.env['PSMR_SEEDS'] ?? 1500);
const STEPS_MAX = 200_000;

function randomCommand(random: () => number, keys: readonly string[], id: number): ModelCommand {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const by = Math.floor(random() * 50);
  const many = Array.from({ length: 2 + Math.floor(random() * 5) }, () => pick(keys));
  const roll = random();
  // The id makes every command different, so that an outcome can only belong to one.
  if (roll < 0.45) return ['add', { key: pick(keys), by, id }];
  if (roll < 0.55) return ['read', { key: pick(keys), by, id }];
  if (roll < 0.7) return ['move', { from: pick(keys), to: pick(keys), by, id }];
  if (roll < 0.78) return ['spread', { keys: many, by, id, padding: 'x'.repeat(random() < 0.2 ? 3000 : 0) }];
  if (roll < 0.84) return ['sumOf', { keys: many, by, id }];
  if (roll < 0.92) return ['copy', { from: pick(keys), to: pick(keys), by, id }];
  return roll < 0.96 ? ['total', { id }] : ['raise', { by, id }];
}

function simulate(seed: number): void {
  const random = seededRandom(seed);
  const streams = 1 + Math.floor(random() * 6);
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
  const keys = [
    ...Array.from({ length: 3 + Math.floor(random() * 12) }, (_, at) => `k${at}`),
    'p:1',
    'p:3',
    's:1',
    's:3',
  ];
  const engine = new SimulatedEngine(service, map, random);
  const clients = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, id) => new SimulatedClient(engine, id + 1));
  const total = 20 + Math.floor(random() * 60);
  const answered = (): number => clients.reduce((sum, client) => sum + client.outcomes.size, 0);
  let sent = 0;
  for (let steps = 0; answered() < total || !engine.drained; steps++) {
    if (steps > STEPS_MAX)
      throw new Error(`stuck with ${answered()} of ${total} commands answered: ${engine.describe()}`);
    if (sent < total && random() < 0.1) {
      const size = Math.min(total - sent, 1 + Math.floor(random() * 6));
      const batch = Array.from(
        { length: size },
        (_, at) => [sent + at, randomCommand(random, keys, sent + at)] as const,
      );
      clients[Math.floor(random() * clients.length)]?.send(batch);
      sent += size;
    }
    engine.step();
    for (const client of clients) client.receive();
  }
  const model = new SequentialModel((key) => shared && key.startsWith('s:'));
  const expected = new Map(
    serialOrder(engine.logs.map((log) => log.entries)).map((command) => [
      command[1]['id'] as number,
      model.run(command),
    ]),
  );
  const found = new Map(clients.flatMap((client) => [...client.outcomes]));
  expect(found.size).toBe(total);
  for (const [id, outcome] of found) {
    const wanted = expected.get(id);
    // Which partition's error an every-key command reports is not the model's to say.
    if (wanted !== undefined && 'error' in wanted && wanted.error === 'not *') expect(outcome).toHaveProperty('error');
    else expect(outcome, `command ${id}`).toEqual(wanted);
  }
  expect(engine.content()).toEqual(model.content);
}

const only = process.env['PSMR_SEED'];

describe('parallel execution equals a sequential one that respects the logs', () => {
  it(`for ${only === undefined ? `seeds 0 to ${SEEDS - 1}` : `seed ${only}`}`, () => {
    const seeds = only === undefined ? Array.from({ length: SEEDS }, (_, seed) => seed) : [Number(only)];
    for (const seed of seeds) {
      try {
        simulate(seed);
      } catch (error) {
        throw new Error(`seed ${seed} (replay: PSMR_SEED=${seed} npx vitest run test/simulation/execution.test.ts)`, {
          cause: error,
        });
      }
    }
  });
});
