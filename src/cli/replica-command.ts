import { Command, Option } from 'commander';
import { REPLICA_ID_MAX } from '../config/cluster-schema.js';
import { loadConfig } from '../config/config.js';
import { PsmrError } from '../errors.js';
import { Engine } from '../replica/engine.js';
import { resolveEngineOptions, type EngineOptions } from '../replica/engine-options.js';
import { httpUrl } from './cluster-access.js';
import { interruption } from './interruption.js';
import { wholeNumber } from './option-values.js';
import { withRebuild } from './rebuild-advice.js';
import { serviceSettings, tokenOf } from './server-settings.js';
import { stopOrEnd } from './stopping.js';
import { printProgress, printResult } from './terminal.js';

interface ReplicaFlags {
  readonly config: string;
  readonly id: number;
  readonly service?: string;
  readonly data?: string;
  readonly rebuild?: boolean;
  readonly stopWithStdin?: boolean;
  readonly json?: boolean;
}

const HELP = `
One file serves all replicas; each has its data in replica-ID of the data directory. The first start of a cluster needs
all replicas, every later one a majority. A replica whose disk was lost is started with --rebuild, and so is one that is
new to a running cluster (then psmr member add): it gets its state from the others before it takes part.

Examples:
  psmr replica --config cluster.json --id 2
  psmr replica --config cluster.json --id 2 --rebuild
  psmr status --config cluster.json`;

export function replicaCommand(): Command {
  return new Command('replica')
    .description('Run one replica of a cluster.')
    .requiredOption('--config <file>', "the cluster's configuration, the same for all replicas")
    .requiredOption('--id <n>', 'which of its replicas this is', wholeNumber(1, REPLICA_ID_MAX))
    .option('--service <file>', "the service's compiled module (default: as the configuration says)")
    .option('--data <dir>', 'this very directory (default: replica-ID in the dataDir of the configuration)')
    .option(
      '--rebuild',
      'the data directory is empty because the disk was lost, or the replica is new: begin from the others',
    )
    .addOption(new Option('--stop-with-stdin', 'stop when stdin ends').hideHelp())
    .option('--json', 'the line on stdout as JSON, errors as objects')
    .addHelpText('after', HELP)
    .action(runReplica);
}

async function runReplica(flags: ReplicaFlags): Promise<void> {
  const options = engineOptions(flags);
  const { replica, dataDir } = resolveEngineOptions(options);
  if (replica === null)
    throw new PsmrError('INVALID_CONFIG', `The configuration ${flags.config} is wrong at 'cluster': there is none.`);
  for (const warning of replica.cluster.warnings) printProgress(warning);
  printProgress(`replica ${flags.id} of ${replica.cluster.name} starts, with the data in ${dataDir ?? ''}`);
  const stopped = Promise.race([interruption(), ...(flags.stopWithStdin === true ? [endOfStdin()] : [])]);
  // It may have to wait for the others before there is anything to stop.
  const waiting = new AbortController();
  void stopped.then(() => waiting.abort(new PsmrError('ENGINE_STOPPED', 'stopped before it took part')));
  const onProblem = (problem: PsmrError): void => printProgress(problem.message);
  try {
    while (
      await runOnce(
        flags,
        { ...options, onProblem, onNotice: printProgress, signal: waiting.signal },
        replica.tls !== null,
        stopped,
      )
    );
  } catch (error) {
    if (!waiting.signal.aborted) throw advised(error, flags.id, dataDir ?? '');
    printProgress(`${await stopped}: stopping`);
  }
}

/** True: it has fetched the others' state and is to begin anew from it. */
async function runOnce(
  flags: ReplicaFlags,
  options: EngineOptions,
  tls: boolean,
  stopped: Promise<string>,
): Promise<boolean> {
  const engine = await Engine.start(options);
  let failure: unknown = null;
  try {
    const end = await endOf(engine, flags, tls, stopped);
    if (typeof end === 'string') printProgress(`${end}: stopping`);
    else if (end.details['restart'] === true) printProgress(end.message);
    else throw end;
    return typeof end !== 'string';
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await stopOrEnd(engine, failure);
  }
}

/** Serves until it fails, or is stopped. */
async function endOf(
  engine: Engine,
  flags: ReplicaFlags,
  tls: boolean,
  stopped: Promise<string>,
): Promise<PsmrError | string> {
  try {
    const listening = await Promise.race([engine.listen(tokenOf(undefined)), stopped]);
    if (typeof listening === 'string') return listening;
    const { url, http } = listening;
    const { service, streams } = engine.stats();
    const admin = http === null ? null : httpUrl(tls ? 'https' : 'http', http);
    printResult(
      flags.json === true
        ? JSON.stringify({ replica: flags.id, service, streams, url, http: admin })
        : `replica ${flags.id} serves ${service} at ${url}, dashboard at ${admin ?? ''}`,
    );
  } catch (error) {
    // It has failed, or fetched a checkpoint, before its endpoints were open: why is what counts.
    if (engine.status()?.state === 'stopping') return engine.failure;
    throw error;
  }
  return Promise.race([engine.failure, stopped]);
}

function engineOptions({ config, id, service, data, rebuild }: ReplicaFlags): EngineOptions {
  // A service on the command line is relative to where that was typed, one in the file to the file.
  loadConfig(config);
  return {
    ...serviceSettings({ config, ...(service === undefined ? {} : { service }) }),
    replicaId: id,
    ...(data === undefined ? {} : { dataDir: data }),
    ...(rebuild === undefined ? {} : { rebuild }),
  };
}

function advised(error: unknown, id: number, dataDir: string): unknown {
  if (!(error instanceof PsmrError) || error.code !== 'DATA_CORRUPT') return error;
  return withRebuild(error, id, `remove ${dataDir}, and get its data from the other replicas with`);
}

/** Whoever started this has gone, however it ended. */
function endOfStdin(): Promise<string> {
  return new Promise((resolve) => {
    process.stdin.once('close', () => resolve('stdin has ended')).resume();
  });
}
