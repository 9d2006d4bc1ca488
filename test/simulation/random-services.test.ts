/** Random services, partition maps, numbers of streams, commands and schedules against a sequential model. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { seededRandom } from '../seeded-random.js';
import { executeAll } from './execute-all.js';
import { randomCall, RandomModel, randomPlans, serviceOf } from './random-service.js';
import { randomSetting } from './random-setting.js';
import { serialOrder } from './serial-order.js';
import { SimulatedEngine } from './simulated-engine.js';

const RUNS = 300;

// A machine may be slow, or busy with other tests.
const LIMIT = { timeout: 240_000 };

it('any service is executed as one after another would be, whatever the streams and their schedule', LIMIT, () => {
  fc.assert(
    fc.property(randomPlans, fc.integer(), fc.integer({ min: 1, max: 50 }), (plans, seed, total) => {
      const random = seededRandom(seed);
      const { map, keys, isShared } = randomSetting(random, 6);
      const engine = new SimulatedEngine(serviceOf(plans), map, random);
      const found = executeAll(engine, random, total, (id) => randomCall(plans, random, keys, id));
      const model = new RandomModel(plans, isShared);
      const expected = new Map(
        serialOrder(engine.logs.map((log) => log.entries)).map((command) => [command[1]['id'], model.run(command)]),
      );
      expect(found.size).toBe(total);
      for (const [id, outcome] of found) expect(outcome, `command ${id}`).toEqual(expected.get(id));
      expect(engine.content()).toEqual(model.content);
    }),
    { numRuns: RUNS },
  );
});
