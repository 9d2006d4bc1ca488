/** The directory of a local cluster: a configuration with free ports and a secret of its own, and everybody's data. */
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { invalidConfig } from '../config/config-error.js';
import { loadConfig } from '../config/config.js';
import { messageOf, PsmrError } from '../errors.js';
import { loadService } from '../service/load-service.js';
import { PORT_MAX } from './option-values.js';

export interface LocalClusterWish {
  readonly dir: string;
  readonly replicas?: number;
  readonly streams?: number;
  /** The service's module. */
  readonly service?: string;
  /** The first of the ports; without it free ones are looked for. */
  readonly port?: number;
}

const HOST = '127.0.0.1';
const REPLICAS = 3;
const STREAMS = 2;
const FIRST_PORT = 7400;

/**
 * The configuration's file. What is there already is kept; INVALID_ARGUMENT where it is not what is wished for,
 * INVALID_CONFIG where it is no cluster's. Throws INVALID_SERVICE, ADDRESS_IN_USE and STORAGE_FAILED before a file is
 * there: the command, corrected, must not find one.
 */
export async function prepareLocalCluster(wish: LocalClusterWish, defaultService: string): Promise<string> {
  const file = join(resolve(wish.dir), 'cluster.json');
  if (existsSync(file)) {
    checkWish(file, wish);
    return file;
  }
  const { replicas = REPLICAS, streams = STREAMS, service = defaultService } = wish;
  await loadService(pathToFileURL(resolve(service)));
  // For each replica: clients and peers of every group, and HTTP.
  const portsEach = 2 * (streams + 1) + 1;
  const first = await freePorts(replicas * portsEach, wish.port);
  const config = {
    service: resolve(service),
    streams,
    dataDir: './data',
    cluster: {
      name: 'local',
      secret: randomBytes(24).toString('base64url'),
      replicas: Array.from({ length: replicas }, (_, at) => {
        const port = first + at * portsEach;
        return { id: at + 1, hosts: [HOST], port: port + 1, peerPort: port + 2 + streams, http: { port } };
      }),
    },
  };
  write(wish.dir, file, `${JSON.stringify(config, null, 2)}\n`);
  return file;
}

function write(dir: string, file: string, text: string): void {
  const draft = `${file}.tmp`;
  try {
    mkdirSync(dir, { recursive: true });
    // It holds the secret.
    writeFileSync(draft, text, { mode: 0o600 });
    // On a full disk the beginning of a file would be left, which the next start would take for a cluster's.
    renameSync(draft, file);
  } catch (cause) {
    throw new PsmrError(
      'STORAGE_FAILED',
      `${file} cannot be written: ${messageOf(cause)}. ` +
        'Give a --dir that is a directory, or can be made, and may be written to; and see that the disk has room.',
      { cause, details: { file } },
    );
  }
}

function checkWish(file: string, { replicas, streams, service, port }: LocalClusterWish): void {
  const config = loadConfig(file);
  if (config.cluster === undefined)
    throw invalidConfig(file, ['cluster'], 'there is none. Correct it, or give another --dir');
  const found = config.cluster.replicas;
  const foundStreams = typeof config.streams === 'object' ? config.streams.length : config.streams;
  const options: readonly (readonly [
    option: string,
    found: string | number | undefined,
    wished: string | number | undefined,
    what: (value: string) => string,
  ])[] = [
    ['replicas', found.length, replicas, (count) => `${count} ${count === '1' ? 'replica' : 'replicas'}`],
    ['streams', foundStreams, streams, (count) => `${count} ${count === '1' ? 'stream' : 'streams'}`],
    ['service', config.service, service === undefined ? undefined : resolve(service), (path) => `the service ${path}`],
    ['port', found[0]?.http?.port, port, (first) => `ports from ${first} on`],
  ];
  for (const [option, is, wished, what] of options) {
    if (wished === undefined || wished === is) continue;
    throw new PsmrError(
      'INVALID_ARGUMENT',
      `${file} describes a cluster with ${what(String(is))}, not ${String(wished)}: ` +
        `leave out --${option}, ${option === 'service' ? 'change it in that file, ' : ''}or give another --dir.`,
    );
  }
}

/** The first of so many free ports in a row. */
async function freePorts(count: number, wished: number | undefined): Promise<number> {
  const from = wished ?? FIRST_PORT;
  const last = PORT_MAX + 1 - count;
  if (from > last)
    throw new PsmrError(
      'INVALID_ARGUMENT',
      `--port ${from}: the cluster needs ${count} ports from there on, and ${PORT_MAX} is the last. Give ${last} at most.`,
    );
  for (let first = from; first <= last;) {
    const taken = await firstTaken(first, count);
    if (taken === null) return first;
    if (wished !== undefined)
      throw new PsmrError(
        'ADDRESS_IN_USE',
        `Port ${taken} is in use; ${count} from ${wished} on are needed. Give another --port, or leave it out.`,
      );
    first = taken + 1;
  }
  throw new PsmrError(
    'ADDRESS_IN_USE',
    `There are no ${count} free ports in a row from ${from} on. Give fewer --replicas or --streams, or a --port below.`,
  );
}

async function firstTaken(first: number, count: number): Promise<number | null> {
  for (let port = first; port < first + count; port++) if (!(await isFree(port))) return port;
  return null;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((found) => {
    const probe = createServer();
    probe.once('error', () => found(false));
    probe.listen({ host: HOST, port, exclusive: true }, () => probe.close(() => found(true)));
  });
}
