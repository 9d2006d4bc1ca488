/**
 * The bank on three replicas. Clients transfer money all the time, while the leader of each group in turn is killed with
 * kill -9 and started again. At the end all the money must be there, and all replicas must hold the same state.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Cluster } from './cluster.js';
import { Demonstration } from './demonstration.js';
import { Screen } from './screen.js';

const HELP = `The bank on three replicas of this machine, under load, while leaders are killed.

  --seconds <n>   how long the load lasts (default: 15)
`;

const stopped = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort(signal));
const { values } = parseArgs({ options: { seconds: { type: 'string', default: '15' }, help: { type: 'boolean' } } });
const seconds = Number(values.seconds);

if (values.help === true || !(seconds > 0)) process.stdout.write(HELP);
else await main(new Screen());

async function main(screen: Screen): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'psmr-replicated-bank-'));
  screen.event('three replicas start, a process each');
  const cluster = await Cluster.start(directory, fileURLToPath(new URL('../bank.js', import.meta.url)));
  try {
    await new Demonstration(cluster, screen, stopped.signal).run(seconds * 1000);
  } catch (error) {
    process.exitCode = stopped.signal.reason === 'SIGINT' ? 130 : stopped.signal.aborted ? 143 : 1;
    if (stopped.signal.aborted) screen.event(`${String(stopped.signal.reason)}: stopping all replicas`);
    else process.stderr.write([...cluster.said, String(error), ''].join('\n'));
  } finally {
    await cluster.stop();
    await rm(directory, { recursive: true, force: true });
  }
}
