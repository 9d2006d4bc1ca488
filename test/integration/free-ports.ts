/** Ports for servers that are to come back on them. */
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/**
 * Below those that the system gives to outgoing connections: one of these could take a port while its server is down, even
 * the connection attempts of that server's own clients.
 */
const FIRST = 16_000;
const END = 32_000;
const TRIES_MAX = 100;

/** As many consecutive ports of 127.0.0.1 that nobody listens on; the first one. `taken`: first ones, as given before. */
export async function freePorts(count: number, taken: readonly number[] = []): Promise<number> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const first = randomInt(FIRST, END - count);
    if (taken.some((other) => Math.abs(other - first) < count)) continue;
    const free = await Promise.all(Array.from({ length: count }, (_, at) => isFree(first + at)));
    if (free.every((one) => one)) return first;
  }
  throw new Error(`found no ${count} free ports in a row between ${FIRST} and ${END}`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
