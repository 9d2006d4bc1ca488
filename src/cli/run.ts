/** Runs one command line and ends the process with its exit code. */
import { type Command, CommanderError } from 'commander';
import { PsmrError } from '../errors.js';
import { Exit, exitOf } from './exit-codes.js';
import { handleInterruption } from './interruption.js';
import { createProgram } from './program.js';
import { endQuietlyWithReader, printError } from './terminal.js';

export async function run(args: readonly string[]): Promise<never> {
  endQuietlyWithReader();
  handleInterruption();
  process.exit(await exitCodeOf(args));
}

async function exitCodeOf(args: readonly string[]): Promise<Exit> {
  try {
    const program = createProgram();
    await program.parseAsync(isUnknown(program, args) ? args.filter((arg) => !HELP.has(arg)) : args, { from: 'user' });
    return Exit.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError && (thrown.exitCode === 0 || thrown.code === 'commander.help')) {
      return thrown.exitCode === 0 ? Exit.ok : Exit.usage;
    }
    const error = thrown instanceof CommanderError ? wrongUsage(thrown, commandIn(args)) : thrown;
    // The benchmark's --json names a file, and says nothing about errors.
    printError(error, args.includes('--json') && args[0] !== 'bench');
    return exitOf(error);
  }
}

const HELP = new Set(['-h', '--help']);

/** Help for a command that there is not would be the help of psmr, as if all were well. */
function isUnknown(program: Command, [name = '-', inner = '-']: readonly string[]): boolean {
  if (name.startsWith('-')) return false;
  const command = named(program, name);
  // Those with commands of their own take no other arguments, but for the benchmark.
  if (command === undefined || command.commands.length === 0 || name === 'bench') return command === undefined;
  return !inner.startsWith('-') && named(command, inner) === undefined;
}

function named(program: Command, name: string): Command | undefined {
  return program.commands.find((command) => command.name() === name);
}

/** Such as `psmr leader move`: whose help says what it takes. */
function commandIn([name = '', inner = '']: readonly string[]): string {
  const program = createProgram();
  const command = named(program, name);
  const below = command === undefined ? undefined : named(command, inner);
  return [program, command, below].flatMap((each) => each?.name() ?? []).join(' ');
}

function wrongUsage({ message }: CommanderError, command: string): PsmrError {
  const what = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new PsmrError('INVALID_ARGUMENT', `${what}${/[.)?]$/.test(what) ? '' : '.'} See ${command} --help.`);
}
