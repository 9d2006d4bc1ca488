/** An engine in this process: start, run commands, take a checkpoint, start again from what is on disk. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Engine, PsmrError } from 'psmr';
import type bank from './bank.js';

const service = new URL('./bank.js', import.meta.url);
const dataDir = await mkdtemp(join(tmpdir(), 'psmr-embedded-'));
const print = (line: string): boolean => process.stdout.write(`${line}\n`);

try {
  const engine = await Engine.start({ service, streams: 2, dataDir });
  const client = engine.client<typeof bank>();
  await client.execute('deposit', { account: 'anna', amount: 100 });
  await client.execute('transfer', { from: 'anna', to: 'bert', amount: 30 });

  // Many commands at the cost of one promise: each has an outcome of its own.
  const outcomes = await client.executeBatch([
    ['transfer', { from: 'bert', to: 'anna', amount: 1000 }],
    ['balance', { account: 'bert' }],
  ]);
  for (const outcome of outcomes) print(outcome.ok ? `value ${outcome.value}` : outcome.error.code);

  const { id } = await engine.checkpoint();
  print(`checkpoint at index ${id} of group 0`);
  await client.execute('deposit', { account: 'carl', amount: 7 });
  await engine.stop();

  // The newest checkpoint, then the logs behind it.
  const again = await Engine.start({ service, streams: 2, dataDir });
  print(`after a restart: ${await again.client<typeof bank>().execute('total')}`);
  await again.stop();
} catch (error) {
  if (!(error instanceof PsmrError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  await rm(dataDir, { recursive: true });
}
