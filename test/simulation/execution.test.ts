/**
 * Thousands of schedules of the real execution path in one thread: every outcome and the final state must equal those
 * of one sequential order that respects the logs. A failing seed is in the error: PSMR_SEED=n replays it alone.
 */
import { expect, it } from 'vitest';
import { randomCommand, SequentialModel, service } from './model-service.js';
import { expectOutcome, forEachSeed, randomSetting } from './random-setting.js';
import { serialOrder } from './serial-order.js';
import { SimulatedClient } from './simulated-client.js';
import { SimulatedEngine } from './simulated-engine.js';

const STEPS_MAX = 200_000;

function simulate(random: () => number): void {
  const { map, keys, isShared } = randomSetting(random, 6);
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
  const model = new SequentialModel(isShared);
  const expected = new Map(
    serialOrder(engine.logs.map((log) => log.entries)).map((command) => [
      command[1]['id'] as number,
      model.run(command),
    ]),
  );
  expect(clients.flatMap((client) => client.rejections)).toEqual([]);
  const found = new Map(clients.flatMap((client) => [...client.outcomes]));
  expect(found.size).toBe(total);
  for (const [id, outcome] of found) expectOutcome(outcome, expected.get(id), id);
  expect(engine.content()).toEqual(model.content);
}

it('parallel execution equals a sequential one that respects the logs', async () => {
  await forEachSeed('execution.test.ts', 1500, simulate);
});
