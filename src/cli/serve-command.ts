import { Command, Option } from 'commander';
import { PsmrError } from '../errors.js';
import { Engine } from '../replica/engine.js';
import { resolveEngineOptions, type EngineOptions } from '../replica/engine-options.js';
import type { Listening, ListenOptions } from '../replica/server.js';
import { STREAMS_MAX } from '../transport/frames.js';
import { httpUrl } from './cluster-access.js';
import { interruption } from './interruption.js';
import { PORT_MAX, wholeNumber } from './option-values.js';
import { CONFIG_OPTION, serviceSettings, tokenOf, type SettingFlags } from './server-settings.js';
import { stopOrEnd } from './stopping.js';
import { printProgress, printResult } from './terminal.js';

interface ServeFlags extends SettingFlags {
  readonly streams?: number;
  readonly data?: string;
  readonly durability?: 'sync' | 'async';
  readonly host?: string;
  readonly port?: number;
  readonly httpPort?: number;
  /** False: --no-http. */
  readonly http: boolean;
  readonly token?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly json?: boolean;
}

const HELP = `
One line with the addresses goes to stdout once clients are served. Ctrl-C or SIGTERM stops cleanly (a second one: at
once). What is acknowledged is on disk, so even kill -9 loses nothing (--durability async: the last moments).

Examples:
  psmr serve --service dist/bank.js                          in memory, one stream per core
  psmr serve --service dist/bank.js --streams 4 --data ./data
  psmr serve --config psmr.config.json
  PSMR_TOKEN=secret psmr serve --service dist/bank.js --host 0.0.0.0 --tls-cert cert.pem --tls-key key.pem
  curl http://127.0.0.1:7390/healthz`;

export function serveCommand(): Command {
  const port = wholeNumber(0, PORT_MAX);
  return new Command('serve')
    .description('Serve a service: one endpoint per stream, and one for the dashboard, health and metrics.')
    .option(...CONFIG_OPTION)
    .option('--service <file>', "the service's compiled module")
    .option('--streams <n>', 'number of streams (default: one per core)', wholeNumber(1, STREAMS_MAX))
    .option('--data <dir>', 'keep logs and checkpoints there (default: in memory only)')
    .addOption(
      new Option('--durability <when>', 'sync: a reply means on disk; async: on disk soon after').choices([
        'sync',
        'async',
      ]),
    )
    .option('--host <host>', 'interface of the endpoints (default: 127.0.0.1)')
    .option('--port <n>', "group 0's port, stream i gets this plus i; 0: any free ones (default: 7400)", port)
    .option(
      '--http-port <n>',
      'port of the dashboard, /healthz, /metrics and /stats; 0: a free one (default: 7390)',
      port,
    )
    .option('--no-http', 'no such endpoint')
    .option('--token <token>', 'clients must give it; better set PSMR_TOKEN, which other users cannot see')
    .option('--tls-cert <file>', 'certificate, PEM: endpoints speak wss')
    .option('--tls-key <file>', 'its key, PEM')
    .option('--json', 'the line on stdout as JSON, errors as objects')
    .addHelpText('after', HELP)
    .action(serve);
}

async function serve(flags: ServeFlags): Promise<void> {
  const options = engineOptions(flags);
  const endpoints = listenOptions(flags, options);
  printProgress(options.dataDir === undefined ? 'starting' : `starting, with the data in ${options.dataDir}`);
  const engine = await Engine.start(options);
  let failure: unknown = null;
  try {
    const listening = await engine.listen(endpoints);
    if (listening.hint !== null) process.stderr.write(`${listening.hint}\n`);
    printResult(flags.json === true ? readyJson(engine, listening) : readyLine(engine, listening));
    const end = await Promise.race([engine.failure, interruption()]);
    if (end instanceof PsmrError) throw end;
    printProgress(`${end}: stopping`);
  } catch (error) {
    failure = error;
    throw error;
  } finally {
    await stopOrEnd(engine, failure);
  }
}

function engineOptions(flags: ServeFlags): EngineOptions {
  const { streams, data, durability } = flags;
  return {
    ...serviceSettings(flags),
    ...(streams === undefined ? {} : { streams }),
    ...(data === undefined ? {} : { dataDir: data }),
    ...(durability === undefined ? {} : { durability }),
  };
}

/** What the options say; `engine.listen` adds what the configuration file says. */
function listenOptions(flags: ServeFlags, engine: EngineOptions): ListenOptions {
  const { host, port, httpPort, http, tlsCert, tlsKey } = flags;
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new PsmrError('INVALID_ARGUMENT', 'TLS needs both: give --tls-cert FILE and --tls-key FILE.');
  }
  const configured = resolveEngineOptions(engine).listen;
  return {
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(httpPort === undefined ? {} : { http: { ...configured.http, port: httpPort } }),
    ...(http ? {} : { http: null }),
    ...tokenOf(flags.token),
    ...(tlsCert === undefined || tlsKey === undefined ? {} : { tls: { certFile: tlsCert, keyFile: tlsKey } }),
  };
}

function readyLine(engine: Engine, { url, http }: Listening): string {
  const { service, streams } = engine.stats();
  const health = http === null ? '' : `, dashboard at ${httpUrl('http', http)}`;
  return `${service} is served in ${streams} ${streams === 1 ? 'stream' : 'streams'} at ${url}${health}`;
}

function readyJson(engine: Engine, { url, endpoints, http }: Listening): string {
  const { service, streams } = engine.stats();
  return JSON.stringify({ service, streams, url, endpoints, http: http === null ? null : httpUrl('http', http) });
}
