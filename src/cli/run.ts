/** Runs one command line and ends the process with its exit code. */
import { CommanderError } from 'commander';
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
    await createProgram().parseAsync(args, { from: 'user' });
    return Exit.ok;
  } catch (thrown) {
    if (thrown instanceof CommanderError && (thrown.exitCode === 0 || thrown.code === 'commander.help')) {
      return thrown.exitCode === 0 ? Exit.ok : Exit.usage;
    }
    const error = thrown instanceof CommanderError ? wrongUsage(thrown) : thrown;
    // The benchmark's --json names a file, and says nothing about errors.
    printError(error, args.includes('--json') && args[0] !== 'bench');
    return exitOf(error);
  }
}

function wrongUsage({ message }: CommanderError): PsmrError {
  const what = message.replace(/^error: /, '').replaceAll('\n', ' ');
  return new PsmrError('INVALID_ARGUMENT', `${what}${/[.)?]$/.test(what) ? '' : '.'} See psmr --help.`);
}
