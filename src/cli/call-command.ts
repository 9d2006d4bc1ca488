import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { connect, type ConnectOptions } from '../client/connect.js';
import { messageOf, PsmrError } from '../errors.js';
import { resolveEngineOptions } from '../replica/engine-options.js';
import { DEFAULT_HOST, DEFAULT_PORT, type ListenOptions } from '../replica/server.js';
import type { KeyedCommandDefinition, ServiceDefinition } from '../service/define-service.js';
import { loadService } from '../service/load-service.js';
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
  PSMR_TOKEN=secret psmr call balance '{"account":"a"}' --config psmr.config.json`;

const TIMEOUT_MS_MAX = 86_400_000;

export function callCommand(): Command {
  return new Command('call')
    .description('Run one command of a served service and print its result.')
    .argument('<command>', 'its name')
    .argument('[json]', 'its arguments, as JSON; nothing where it takes none')
    .option('--url <url>', 'any endpoint of the server (default: ws://127.0.0.1:7400, or as the configuration says)')
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
  const { serviceUrl, server } = settingsOf(flags);
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

/** Where both are given, a configuration file that happens to be here has no say. */
function settingsOf({ url, service, config }: CallFlags): { serviceUrl: string; server: ListenOptions } {
  const complete = url !== undefined && service !== undefined && config === undefined;
  const settings = complete ? { service } : serviceSettings({ ...(service && { service }), ...(config && { config }) });
  const { serviceUrl, listen } = resolveEngineOptions(settings);
  return { serviceUrl, server: listen };
}

function connectOptions(flags: CallFlags, server: ListenOptions): Omit<ConnectOptions<AnyService>, 'service'> {
  const { token = server.token } = tokenOf(flags.token);
  return {
    replicas: [flags.url ?? urlOf(server)],
    ...(token === undefined ? {} : { token }),
    ...(flags.tlsCa === undefined ? {} : { tls: { ca: readAuthorities(flags.tlsCa) } }),
    ...(flags.timeout === undefined ? {} : { requestTimeoutMs: flags.timeout, connectTimeoutMs: flags.timeout }),
  };
}

function urlOf({ host = DEFAULT_HOST, port = DEFAULT_PORT, tls }: ListenOptions): string {
  const local = ['0.0.0.0', '::'].includes(host) ? DEFAULT_HOST : host;
  return `${tls === undefined ? 'ws' : 'wss'}://${local.includes(':') ? `[${local}]` : local}:${port}`;
}

function readAuthorities(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new PsmrError('INVALID_ARGUMENT', `--tls-ca: ${file} cannot be read: ${messageOf(error)}.`, { cause: error });
  }
}
