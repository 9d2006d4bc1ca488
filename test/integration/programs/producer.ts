/** A thread that turns a posted port into a client, and submits commands as fast as it may. */
import { parentPort, workerData } from 'node:worker_threads';
import { attach, type EnginePort } from 'psmr';
import type ledger from '../services/ledger.js';

export interface ProducerTask {
  readonly port: EnginePort;
  readonly name: string;
  readonly rounds: number;
  readonly keys: number;
}

const { port, name, rounds, keys } = workerData as ProducerTask;
const client = await attach<typeof ledger>(port);
const wrong: string[] = [];

/** Of this producer's own key: the result must be its own count. */
async function addToOwn(round: number): Promise<void> {
  const id = `${name} own ${round}`;
  const amount = await client.execute('add', { key: `own/${name}`, by: 1, id });
  if (amount !== round + 1) wrong.push(`${id}: ${amount}`);
}

for (let round = 0; round < rounds; round++) {
  const shared = Array.from({ length: keys }, (_, at) => ({
    key: `shared/${at}`,
    by: 1,
    id: `${name} ${round} ${at}`,
  }));
  const [outcomes] = await Promise.all([
    client.executeBatch(shared.map((a) => ['add', a] as const)),
    client.execute('transfer', {
      from: `account/${round % 7}`,
      to: `account/${round % 5}.`,
      amount: 1,
      id: `${name} ${round}`,
    }),
    addToOwn(round),
  ]);
  wrong.push(...outcomes.flatMap((outcome) => (outcome.ok ? [] : [outcome.error.message])));
}
await client.close();
parentPort?.postMessage(wrong);
