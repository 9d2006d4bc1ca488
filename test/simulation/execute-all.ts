/** Lets clients of a simulated engine send random commands until all are answered and executed everywhere. */
import { expect } from 'vitest';
import type { ModelCommand, ModelOutcome } from './model-service.js';
import { SimulatedClient } from './simulated-client.js';
import type { SimulatedEngine } from './simulated-engine.js';

const STEPS_MAX = 200_000;

/** `command` makes the one with this id. Resolves with the outcome of each. */
export function executeAll(
  engine: SimulatedEngine,
  random: () => number,
  total: number,
  command: (id: number) => ModelCommand,
): Map<number, ModelOutcome> {
  const clients = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, id) => new SimulatedClient(engine, id + 1));
  const answered = (): number => clients.reduce((sum, client) => sum + client.outcomes.size, 0);
  let sent = 0;
  for (let steps = 0; answered() < total || !engine.drained; steps++) {
    if (steps > STEPS_MAX)
      throw new Error(`stuck with ${answered()} of ${total} commands answered: ${engine.describe()}`);
    if (sent < total && random() < 0.1) {
      const first = sent;
      sent = Math.min(total, first + 1 + Math.floor(random() * 6));
      const batch = Array.from({ length: sent - first }, (_, at) => [first + at, command(first + at)] as const);
      clients[Math.floor(random() * clients.length)]?.send(batch);
    }
    engine.step();
    for (const client of clients) client.receive();
  }
  expect(clients.flatMap((client) => client.rejections)).toEqual([]);
  return new Map(clients.flatMap((client) => [...client.outcomes]));
}
