/**
 * Thousands of schedules of the real execution path in one thread: every outcome and the final state must equal those
 * of one sequential order that respects the logs. A failing seed is in the error: PSMR_SEED=n replays it alone.
 */
import { expect, it } from 'vitest';
import { executeAll } from './execute-all.js';
import { randomCommand, SequentialModel, service } from './model-service.js';
import { expectOutcome, forEachSeed, randomSetting } from './random-setting.js';
import { serialOrder } from './serial-order.js';
import { SimulatedEngine } from './simulated-engine.js';

function simulate(random: () => number): void {
  const { map, keys, isShared } = randomSetting(random, 6);
  const engine = new SimulatedEngine(service, map, random);
  const total = 20 + Math.floor(random() * 60);
  const found = executeAll(engine, random, total, (id) => randomCommand(random, keys, id));
  const model = new SequentialModel(isShared);
  const expected = new Map(
    serialOrder(engine.logs.map((log) => log.entries)).map((command) => [
      command[1]['id'] as number,
      model.run(command),
    ]),
  );
  expect(found.size).toBe(total);
  for (const [id, outcome] of found) expectOutcome(outcome, expected.get(id), id);
  expect(engine.content()).toEqual(model.content);
}

// A machine may be slow, or busy with other tests.
it('parallel execution equals a sequential one that respects the logs', { timeout: 240_000 }, async () => {
  await forEachSeed('execution.test.ts', 1500, simulate);
});
