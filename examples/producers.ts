/** Many threads submit to one engine: each has a client of its own that writes straight to the streams. */
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { attach, Engine, type EnginePort } from 'psmr';
import type bank from './bank.js';

const PRODUCERS = 3;
const DEPOSITS = 1000;

interface Task {
  readonly port: EnginePort;
  readonly name: string;
}

async function produce({ port, name }: Task): Promise<void> {
  const client = await attach<typeof bank>(port);
  const deposits = Array.from(
    { length: DEPOSITS },
    (_, at) => ['deposit', { account: `${name}-${at % 100}`, amount: 1 }] as const,
  );
  const outcomes = await client.executeBatch(deposits);
  await client.close();
  parentPort?.postMessage(outcomes.filter((outcome) => outcome.ok).length);
}

async function main(): Promise<void> {
  const engine = await Engine.start({ service: new URL('./bank.js', import.meta.url), streams: 2 });
  const producers = Array.from({ length: PRODUCERS }, (_, at) => {
    const workerData: Task = { port: engine.port(), name: `producer-${at}` };
    return new Worker(new URL(import.meta.url), { workerData });
  });
  const answers: unknown[][] = await Promise.all(producers.map((producer) => once(producer, 'message')));
  for (const [deposited] of answers) process.stdout.write(`${String(deposited)} deposits\n`);
  process.stdout.write(`total ${await engine.client<typeof bank>().execute('total')}\n`);
  await engine.stop();
}

await (isMainThread ? main() : produce(workerData as Task));
