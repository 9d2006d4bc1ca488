/** Redis with two replicas on this machine, each write synced to disk by each. */
import { mkdir } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { PsmrError } from '../../src/errors.js';
import { startRedis, syncedTo } from './redis-server.js';
import type { Resources } from './resources.js';

const REPLICAS = 2;
const ONLINE_LIMIT_MS = 30_000;
const LOOK_MS = 50;

/** The port of the first, to which both others are attached. */
export async function startRedisTrio(resources: Resources): Promise<number> {
  const directory = await resources.directory();
  const port = await startMember(resources, join(directory, '0'), []);
  for (let number = 1; number <= REPLICAS; number++)
    await startMember(resources, join(directory, String(number)), ['--replicaof', '127.0.0.1', String(port)]);
  await replicasOnline(port);
  return port;
}

async function startMember(resources: Resources, directory: string, more: readonly string[]): Promise<number> {
  await mkdir(directory);
  return startRedis(resources, [...syncedTo(directory), '--repl-diskless-sync-delay', '0', ...more]);
}

async function replicasOnline(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  try {
    const deadline = performance.now() + ONLINE_LIMIT_MS;
    for (;;) {
      const info = await ask(socket, 'INFO replication\r\n');
      if (info.split('state=online').length === REPLICAS + 1) return;
      if (performance.now() > deadline)
        throw new PsmrError('UNREACHABLE', `Redis had no ${REPLICAS} replicas in ${ONLINE_LIMIT_MS} ms:\n${info}`);
      await pause(LOOK_MS);
    }
  } finally {
    socket.destroy();
  }
}

/** The answer is short: it comes in one piece. */
async function ask(socket: Socket, command: string): Promise<string> {
  socket.write(command);
  const [answer] = (await once(socket, 'data')) as [Buffer];
  return answer.toString('latin1');
}
