/** The `psmr` command and its subcommands. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Command } from 'commander';
import { z } from 'zod';
import { type BenchActions, benchCommand } from '../../bench/options/bench-command.js';
import { callCommand } from './call-command.js';
import { clusterCommand } from './cluster-command.js';
import { EXIT_HELP } from './exit-codes.js';
import { inspectCommand } from './inspect-command.js';
import { endInterrupted, interruption } from './interruption.js';
import { checkpointCommand, leaderCommand, memberCommand, statusCommand } from './operator-commands.js';
import { replicaCommand } from './replica-command.js';
import { serveCommand } from './serve-command.js';
import { printProgress, printResult } from './terminal.js';

const EXAMPLES = `
Examples:
  psmr bench --quick                                      what parallel streams gain on this machine
  psmr bench paper --report paper.html                    the experiments of the P-SMR paper, as a page
  psmr serve --service dist/bank.js --data ./data         serve a service, kept on disk
  psmr call deposit '{"account":"a","amount":5}' --service dist/bank.js
  psmr inspect ./data                                     what is in the logs and checkpoints
  psmr cluster                                            three replicas on this machine, and how they are
  psmr replica --config cluster.json --id 2               one replica of a cluster
  psmr status --config cluster.json                       who leads, how far everybody is

Results go to stdout, progress and errors to stderr; an error is one sentence with its code, with --json an object.
PSMR_DEBUG=1 adds where an error came from.
${EXIT_HELP}`;

export function createProgram(): Command {
  const program = new Command('psmr')
    .description('Parallel state machine replication: one ordered log and one thread per stream of your service.')
    .version(packageVersion())
    .helpCommand(false)
    .exitOverride()
    // What is wrong is told once, by whoever runs the program.
    .configureOutput({ outputError: () => undefined })
    .addHelpText('after', EXAMPLES);
  const commands = [
    ...[benchCommand(BENCH), serveCommand(), callCommand(), inspectCommand()],
    ...[clusterCommand(), replicaCommand(), statusCommand(), memberCommand(), leaderCommand(), checkpointCommand()],
  ];
  for (const command of commands) program.addCommand(inherit(command, program));
  return program;
}

function inherit(command: Command, parent: Command): Command {
  for (const inner of command.commands) inherit(inner, parent);
  return command.copyInheritedSettings(parent).helpCommand(false).addHelpText('after', EXIT_HELP);
}

/** The other commands need not load what only the benchmark uses. */
const BENCH: BenchActions = {
  compare: async (sweep) => {
    const { runBenchSession } = await import('../../bench/bench-session.js');
    await runBenchSession(sweep, BENCH_TERMINAL);
  },
  paper: async (options) => {
    const { runPaperSession } = await import('../../bench/paper/paper-session.js');
    await runPaperSession(options, BENCH_TERMINAL);
  },
};

const BENCH_TERMINAL = { progress: printProgress, result: printResult, interruption, end: endInterrupted };

function packageVersion(): string {
  const file = createRequire(import.meta.url).resolve('psmr/package.json');
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(file, 'utf8'))).version;
}
