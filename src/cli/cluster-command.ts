import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Command, Option } from 'commander';
import { REPLICAS_MAX } from '../config/cluster-schema.js';
import { loadConfig } from '../config/config.js';
import { PsmrError } from '../errors.js';
import type { ReplicaView } from '../replica/admin/cluster-client.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { clusterAccess } from './cluster-access.js';
import { changesOf, renderCluster } from './cluster-text.js';
import { interruption } from './interruption.js';
import { LiveText } from './live-text.js';
import { prepareLocalCluster } from './local-cluster-files.js';
import { LocalCluster } from './local-cluster.js';
import { PORT_MAX, wholeNumber } from './option-values.js';
import { printProgress, printResult } from './terminal.js';

interface ClusterFlags {
  readonly replicas?: number;
  readonly streams?: number;
  readonly service?: string;
  readonly dir: string;
  readonly port?: number;
  readonly program?: string;
  readonly json?: boolean;
}

const EVERY_MS = 1000;

const HELP = `
On a terminal the status is redrawn every second: one line per replica, one per group. Elsewhere each change is a line,
with --json each second's status is one. Ctrl-C stops all replicas. The directory keeps configuration and data: the next
start goes on with them.

Examples:
  psmr cluster                                            three replicas, two streams, the bank of the examples
  psmr cluster --replicas 5 --streams 4 --service dist/stock.js --dir ./stock
  kill -9 PID; psmr replica --config psmr-cluster/cluster.json --id 2     lose one, and bring it back`;

export function clusterCommand(): Command {
  return new Command('cluster')
    .description('Run a whole cluster on this machine, one process per replica, and show how it is.')
    .option('--replicas <n>', 'how many (default: 3)', wholeNumber(1, REPLICAS_MAX))
    .option('--streams <n>', 'number of streams (default: 2)', wholeNumber(1, STREAMS_MAX))
    .option('--service <file>', "the service's compiled module (default: the bank of the examples)")
    .option('--dir <dir>', 'where configuration and data are kept', './psmr-cluster')
    .option('--port <n>', 'the first of their ports (default: free ones from 7400 on)', wholeNumber(1, PORT_MAX))
    .addOption(new Option('--program <file>', 'run this instead of psmr').hideHelp())
    .option('--json', 'a line of JSON every second, errors as objects')
    .addHelpText('after', HELP)
    .action(runCluster);
}

async function runCluster(flags: ClusterFlags): Promise<void> {
  const file = await prepareLocalCluster(flags, fileURLToPath(new URL('../../examples/bank.js', import.meta.url)));
  const ids = loadConfig(file).cluster?.replicas.map(({ id }) => id) ?? [];
  printProgress(`${ids.length} replicas, with configuration and data in ${flags.dir}`);
  const screen = flags.json !== true && process.stdout.isTTY ? new LiveText(process.stdout) : null;
  const stopped = interruption();
  const cluster = new LocalCluster({
    file,
    ids,
    program: [flags.program ?? fileURLToPath(new URL('./main.cjs', import.meta.url))],
    heard: (id, line) => {
      const said = line.replace(/^psmr: /, '');
      if (screen === null) printProgress(`replica ${id}: ${said}`);
      else screen.say(`${id}: ${said}`);
    },
  });
  const { client } = clusterAccess(undefined, { config: file });
  const over = new AbortController();
  const watching = watch(() => client.views(), show(cluster, screen, flags.json === true), over.signal);
  const end = await Promise.race([stopped, cluster.ended.then(() => null)]);
  over.abort();
  await watching;
  if (end === null)
    throw new PsmrError('ENGINE_FAILED', `All replicas have ended. What they said is above; ${file} is what they ran.`);
  printProgress(`${end}: stopping all replicas`);
  await cluster.stop();
}

async function watch(
  look: () => Promise<ReplicaView[]>,
  show: (views: readonly ReplicaView[]) => void,
  over: AbortSignal,
): Promise<void> {
  const isOver = (): boolean => over.aborted;
  while (!isOver()) {
    // While they start nobody answers.
    const views = await look().catch(() => []);
    if (!isOver()) show(views);
    await pause(EVERY_MS, undefined, { signal: over }).catch(() => undefined);
  }
}

function show(cluster: LocalCluster, screen: LiveText | null, json: boolean): (views: readonly ReplicaView[]) => void {
  let before: readonly ReplicaView[] | null = null;
  return (views) => {
    if (json) {
      const statuses = views.map(({ id, url, status }) => ({ id, url, status }));
      printResult(JSON.stringify({ processes: cluster.replicas, replicas: statuses }));
    } else if (screen !== null) {
      const pids = cluster.replicas.map(({ id, pid, running }) => `${id}: ${running ? pid : 'ended'}`).join(', ');
      screen.draw(`${views.length === 0 ? 'no replica answers yet\n' : renderCluster(views)}\nprocesses ${pids}`);
    } else for (const line of changesOf(before, views)) printResult(line);
    before = views;
  };
}
