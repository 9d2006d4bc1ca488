/**
 * What replication costs and gives: three replicas of the kv service in processes of their own on this machine, against
 * Redis, etcd, and psmr without replication. Contenders take turns in one run; only ratios of one run mean anything.
 *
 *   npm run bench:replication -- [--only throughput,one] [--rounds 5] [--seconds 3] [--json out.json]
 */
import { constants } from 'node:fs';
import { access, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Command } from 'commander';
import { messageOf, PsmrError } from '../src/errors.js';
import { parseReplicationOptions, REPLICATION_FLAGS } from './replication/options.js';
import { replicationJson, replicationText } from './replication/report.js';
import { runRows } from './replication/run-rows.js';

/** npm passes on a Ctrl-C that the terminal has sent here already. */
const REPEATED_MS = 1000;

async function main(values: Record<string, unknown>): Promise<void> {
  const options = parseReplicationOptions(values);
  if (options.json !== null) await assertWritable(options.json);
  const results = await runRows(options, (line) => process.stderr.write(`${line}\n`), interruption());
  if (options.json !== null) await writeFile(options.json, replicationJson(results, options));
  process.stdout.write(replicationText(results));
  if (results.some(({ result }) => 'failed' in result)) process.exitCode = 1;
}

/** The first Ctrl-C closes everything; a later one ends the process, and the replicas end with it. */
function interruption(): Promise<never> {
  return new Promise((_, reject) => {
    let first: number | null = null;
    const interrupt = (signal: NodeJS.Signals): void => {
      first ??= performance.now();
      reject(new PsmrError('ENGINE_STOPPED', `ended by ${signal}`));
      if (performance.now() - first > REPEATED_MS) process.exit(1);
    };
    process.on('SIGINT', interrupt).on('SIGTERM', interrupt);
  });
}

/** Better now than after minutes of measuring. */
async function assertWritable(file: string): Promise<void> {
  const directory = dirname(resolve(file));
  await access(directory, constants.W_OK).catch((cause: unknown) => {
    const what = `--json ${file}: nothing can be written in ${directory} (${messageOf(cause)}).`;
    throw new PsmrError('INVALID_ARGUMENT', `${what} Name a file in a directory that exists.`, { cause });
  });
}

const command = new Command('bench:replication');
for (const [flag, help] of REPLICATION_FLAGS) command.option(flag, help);
command.action(main);
await command.parseAsync().catch((error: unknown) => {
  process.stderr.write(`${error instanceof PsmrError ? `${error.code}: ` : ''}${messageOf(error)}\n`);
  process.exitCode = 1;
});
