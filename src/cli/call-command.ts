import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { addressText } from '../address-text.js';
import { connect, type ConnectOptions } from '../client/connect.js';
import { checkCluster } from '../config/cluster-check.js';
import { loadConfig } from '../config/config.js';
import { messageOf, PsmrError } from '../errors.js';
import { resolveEngineOptions } from '../replica/engine-options.js';
import { DEFAULT_HOST, DEFAULT_PORT } from '../replica/server.js';
import type { KeyedCommandDefinition, ServiceDefinition } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
import { readAuthorities } from './authorities.js';
import { wholeNumber } from './option-values.js';
import { resultJson } from './result-json.js';
import { CONFIG_OPTION, serviceSettings, tokenOf, type SettingFlags } from './server-settings.js';
import { printResult } from './terminal.js';

interface CallFlags extends SettingFlags {
  readonly url?: string;
  readonly token?: string;
  readonly tlsCa?: string;
  readonly timeout?: number;
  readonly json?: boolean;
}

/** A service whose commands are known only at run time: any name, any arguments, any result. */
type AnyService = ServiceDefinition<Record<string, KeyedCommandDefinition<unknown>>>;

const HELP = `
The service module is needed here too: its key functions decide which stream a command goes to.
The result is printed as JSON: bytes as base64, integers beyond 2^53 as strings, sets as arrays, no value as null.

Examples:
  psmr call deposit '{"account":"a","amount":5}' --service dist/bank.js
  psmr call total --service dist/bank.js --url ws://10.0.0.7:7400 --json
  PSMR_TOKEN=secret psmr call balance '{"account":"a"}' --config psmr.config.json
  psmr call total --config psmr-cluster/cluster.json                      of a cluster: any replica that answers`;

const TIMEOUT_MS_MAX = 86_400_000;

export function callCommand(): Command {
  return new Command('call')
    .description('Run one command of a served service and print its result.')
    .argument('<command>', 'its name')
    .argument('[json]', 'its arguments, as JSON; nothing where it takes none')
    .option(
      '--url <url>',
      'any endpoint of the server, or of a replica (default: as the configuration says, else ws://127.0.0.1:7400)',
    )
    .option('--service <file>', "the service's compiled module")
    .option(...CONFIG_OPTION)
    .option('--token <token>', 'what the server asks for; better set PSMR_TOKEN, which other users cannot see')
    .option('--tls-ca <file>', 'wss: authorities to trust besides the usual ones, PEM')
    .option('--timeout <ms>', 'how long to wait for the result (default: 30000)', wholeNumber(1, TIMEOUT_MS_MAX))
    .option('--json', 'the result as {"ok":true,"value":...}, errors as objects')
    .addHelpText('after', HELP)
    .action(call);
}

async function call(name: string, json: string | undefined, flags: CallFlags): Promise<void> {
  const args = json === undefined ? undefined : parseArguments(json);
  const { serviceUrl, ...server } = targetOf(flags);
  // The compiler cannot know what is loaded; names and arguments are checked by the client and the service.
  const service = (await loadService(serviceUrl)) as ServiceDefinition as AnyService;
  const client = await connect<AnyService>({ ...connectOptions(flags, server), service });
  try {
    const value = await client.execute(name, args);
    printResult(flags.json === true ? `{"ok":true,"value":${resultJson(value, 0)}}` : resultJson(value, 2));
  } finally {
    await client.close();
  }
}

function parseArguments(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (error) {
    throw new PsmrError(
      'INVALID_ARGUMENT',
      `The arguments are not JSON: ${messageOf(error)}. Write them like '{"account":"a","amount":5}', in single quotes.`,
      { cause: error },
    );
  }
}

/** What is called, as the configuration has it. */
interface Target {
  readonly serviceUrl: string;
  readonly urls: readonly string[];
  readonly token?: string | undefined;
  /** The authority that the replicas' certificates are from. */
  readonly caFile?: string;
}

/** Where both are given, a configuration file that happens to be here has no say. */
function targetOf({ url, service, config }: CallFlags): Target {
  const complete = url !== undefined && service !== undefined && config === undefined;
  const settings = complete ? { service } : serviceSettings({ ...(service && { service }), ...(config && { config }) });
  const cluster = clusterTarget(settings);
  if (cluster !== null) return cluster;
  const { serviceUrl, listen } = resolveEngineOptions(settings);
  const { host = DEFAULT_HOST, port = DEFAULT_PORT, tls, token } = listen;
  const local = ['0.0.0.0', '::'].includes(host) ? DEFAULT_HOST : host;
  return { serviceUrl, urls: [urlOf({ host: local, port }, tls !== undefined)], token };
}

/** Any replica will do; which one leads, clients find out. Null: the configuration has no cluster. */
function clusterTarget({ config: file, service }: { config?: string; service?: string }): Target | null {
  if (file === undefined) return null;
  const config = loadConfig(file);
  const cluster = checkCluster(config, file);
  if (cluster === null) return null;
  const beside = (path: string): string => (path.startsWith('file:') ? path : resolve(dirname(file), path));
  const tls = config.cluster?.tls;
  return {
    serviceUrl: resolveEngineOptions({ service: service ?? beside(config.service ?? '') }).serviceUrl,
    urls: cluster.replicas.flatMap(({ clients }) => clients.slice(0, 1)).map((at) => urlOf(at, tls !== undefined)),
    token: config.token,
    ...(tls === undefined ? {} : { caFile: beside(tls.caFile) }),
  };
}

function connectOptions(
  flags: CallFlags,
  target: Omit<Target, 'serviceUrl'>,
): Omit<ConnectOptions<AnyService>, 'service'> {
  const { token = target.token } = tokenOf(flags.token);
  const caFile = flags.tlsCa ?? target.caFile;
  return {
    replicas: flags.url === undefined ? target.urls : [flags.url],
    ...(token === undefined ? {} : { token }),
    ...(caFile === undefined ? {} : { tls: { ca: readAuthorities(caFile) } }),
    ...(flags.timeout === undefined ? {} : { requestTimeoutMs: flags.timeout, connectTimeoutMs: flags.timeout }),
  };
}

function urlOf(address: { readonly host: string; readonly port: number }, tls: boolean): string {
  return `${tls ? 'wss' : 'ws'}://${addressText(address)}`;
}
