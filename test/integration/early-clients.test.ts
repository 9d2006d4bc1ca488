import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { programFile, serviceUrl } from './compiled.js';
import type { EarlyClientTask } from './programs/early-client.js';
import type ledger from './services/ledger.js';
import { startEngine } from './temporary.js';

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Keeps this thread, which tells the workers when the server is complete, from doing so. */
function blockThisThread(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

it('a client that comes while the server still opens its endpoints is told to come again, and harms nobody', async () => {
  const engine = await startEngine({ service: serviceUrl('ledger'), streams: 1 });
  // What it takes to listen is loaded once.
  await (await engine.listen({ port: 0, http: null })).close();
  const port = await freePort();
  const workerData: EarlyClientTask = { port };
  const early = new Worker(programFile('early-client'), { workerData });
  await once(early, 'online');
  const answered = once(early, 'message');
  const listening = engine.listen({ port, streams: [{ port: 0 }], http: null });
  // Until the workers have been told to listen: no turn of the event loop, in which they could answer.
  for (let turns = 0; turns < 1000; turns++) await Promise.resolve();
  blockThisThread(1000);
  await listening;
  const [answers] = (await answered) as [string[]];
  expect(answers.at(0)).toBe('UNREACHABLE');
  expect(answers.at(-1)).toBe('welcome');
  expect(await engine.client<typeof ledger>().execute('add', { key: 'a', by: 1, id: 'x' })).toBe(1);
});
