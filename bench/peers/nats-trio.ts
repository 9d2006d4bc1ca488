/** Three servers of NATS on this machine, with JetStream, and streams in files that all three keep. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager, type JetStreamManager, StorageType } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { messageOf, PsmrError } from '../../src/errors.js';
import { endProgram, outputOf, startProgram } from './child.js';
import { freePort } from './free-port.js';
import { programFile } from './programs.js';
import type { Resources } from './resources.js';

/** `always`: each write is synced to disk before its answer; else every two minutes or less often. */
export type NatsSync = 'by default' | 'always';

const HOST = '127.0.0.1';
const MEMBERS = ['one', 'two', 'three'];
const READY_LIMIT_MS = 60_000;
const LOOK_MS = 200;
const MISSING = 'nats-server cannot be started.';

/** A stream takes the messages whose subject begins with its name and a dot. */
const STREAMS = {
  /** The last message of each subject, as the others keep the last value of each key. */
  last: { max_msgs_per_subject: 1 },
  /** Every message: a log, which is less work; the oldest are removed. */
  all: { max_bytes: 500_000_000 },
} as const;
export type NatsStream = keyof typeof STREAMS;

interface Member {
  readonly name: string;
  readonly port: number;
  readonly routePort: number;
}

/** Of each stream, the address of the server that leads it. Rejects with NOT_SUPPORTED where the server cannot sync so. */
export async function startNatsTrio(
  resources: Resources,
  sync: NatsSync,
): Promise<Readonly<Record<NatsStream, string>>> {
  const program = await programFile('nats-server');
  const directory = await resources.directory();
  const members: Member[] = [];
  for (const name of MEMBERS) members.push({ name, port: await freePort(), routePort: await freePort() });
  for (const member of members) {
    const file = await writeConfig(member, members, directory, sync);
    if (sync === 'always') await assertSyncs(program, file);
    const server = await startProgram(program, ['-c', file], MISSING);
    server.stdout.resume();
    resources.onClose(() => endProgram(server));
  }
  const servers = members.map(({ port }) => `${HOST}:${port}`);
  const addressOf = (name: string): string => servers[members.findIndex((each) => each.name === name)] ?? '';
  const last = addressOf(await createStream(servers, 'last'));
  return { last, all: addressOf(await createStream(servers, 'all')) };
}

async function writeConfig(own: Member, all: readonly Member[], parent: string, sync: NatsSync): Promise<string> {
  const directory = join(parent, own.name);
  await mkdir(directory);
  const routes = all.filter(({ name }) => name !== own.name).map(({ routePort }) => `nats://${HOST}:${routePort}`);
  const store = { store_dir: directory, ...(sync === 'always' ? { sync_interval: 'always' } : {}) };
  const config = {
    ...{ server_name: own.name, host: HOST, port: own.port, log_file: join(directory, 'log'), jetstream: store },
    cluster: { name: 'comparison', host: HOST, port: own.routePort, routes },
  };
  const file = join(parent, `${own.name}.json`);
  await writeFile(file, JSON.stringify(config));
  return file;
}

/** Servers before 2.10 do not know the setting. */
async function assertSyncs(program: string, file: string): Promise<void> {
  const check = await startProgram('sh', ['-c', '"$0" -c "$1" -t 2>&1', program, file], MISSING);
  const said = await outputOf(check);
  if (check.exitCode === 0) return;
  const version = (await outputOf(await startProgram(program, ['--version'], MISSING))).trim();
  const what = `${version} cannot sync before it answers (${said.trim()})`;
  throw new PsmrError('NOT_SUPPORTED', `${what}: this row needs nats-server 2.10 or later.`);
}

/** The servers refuse it until they have found one another and elected a leader. Who leads the stream. */
async function createStream(servers: string[], stream: NatsStream): Promise<string> {
  const deadline = performance.now() + READY_LIMIT_MS;
  for (;;) {
    try {
      return await withManager(servers, (manager) => leaderOf(manager, stream));
    } catch (cause) {
      const what = `NATS had no stream in ${READY_LIMIT_MS} ms: ${messageOf(cause)}`;
      if (performance.now() > deadline) throw new PsmrError('UNREACHABLE', what, { cause });
      await pause(LOOK_MS);
    }
  }
}

async function withManager<T>(servers: string[], use: (manager: JetStreamManager) => Promise<T>): Promise<T> {
  const connection = await connect({ servers, reconnect: false });
  try {
    return await use(await jetstreamManager(connection));
  } finally {
    await connection.close();
  }
}

async function leaderOf(manager: JetStreamManager, stream: NatsStream): Promise<string> {
  const { cluster } = await manager.streams.add({
    ...{ name: stream, subjects: [`${stream}.>`], num_replicas: MEMBERS.length, storage: StorageType.File },
    ...STREAMS[stream],
  });
  if (cluster?.leader !== undefined && cluster.replicas?.every(({ current }) => current) === true)
    return cluster.leader;
  throw new Error('some server does not have it yet');
}
