import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { PsmrError } from '../../src/errors.js';

/** What is needed besides Node, and the package of Debian that has it. */
export const PACKAGES = {
  'redis-server': 'redis-server',
  'redis-benchmark': 'redis-server',
  etcd: 'etcd-server',
  'nats-server': 'nats-server',
} as const;
export type Program = keyof typeof PACKAGES;

/** Where Debian has servers, and few users' shells look. */
const MORE = ['/usr/sbin', '/usr/local/sbin'];

/** The file of a program. Rejects with NOT_SUPPORTED, saying how to install it. */
export async function programFile(program: Program, path = process.env['PATH'] ?? ''): Promise<string> {
  for (const directory of [...path.split(delimiter), ...MORE]) {
    const file = join(directory, program);
    const found = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return file;
  }
  const how = `apt-get install ${PACKAGES[program]}`;
  throw new PsmrError('NOT_SUPPORTED', `${program} is needed for this comparison and is not installed: ${how}`);
}

/** What installs all of these that are missing; null: none is. */
export async function installLine(programs: Iterable<Program>): Promise<string | null> {
  const missing = new Set<string>();
  for (const program of programs) await programFile(program).catch(() => missing.add(PACKAGES[program]));
  return missing.size === 0 ? null : `apt-get install ${[...missing].join(' ')}`;
}
