import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { endProgram, lineOf, startProgram } from './child.js';
import type { Resources } from './resources.js';

const CLI = fileURLToPath(new URL('../../src/cli/main.cjs', import.meta.url));
const SERVICE = fileURLToPath(new URL('../services/kv.js', import.meta.url));

/** The kv service behind `psmr serve`, in a process of its own; in memory without a directory, else synced to disk. Its address. */
export async function startServedKv(resources: Resources, streams: number, data: string | null): Promise<string> {
  const durable = data === null ? [] : ['--data', data, '--durability', 'sync'];
  const options = [
    '--service',
    SERVICE,
    '--streams',
    String(streams),
    '--port',
    '0',
    '--no-http',
    '--json',
    ...durable,
  ];
  const server = await startProgram(process.execPath, [CLI, 'serve', ...options], 'Node itself cannot be started.');
  resources.onClose(() => endProgram(server));
  const ready = await lineOf(server, (line) => line.startsWith('{'));
  return z.object({ url: z.string() }).parse(JSON.parse(ready)).url;
}
