/** What the command lines of the comparisons have in common. */
import { Command } from 'commander';
import { messageOf, PsmrError } from '../../src/errors.js';

/** npm passes on a Ctrl-C that the terminal has sent here already. */
const REPEATED_MS = 1000;

export interface ComparisonCommand {
  readonly name: string;
  readonly description: string;
  /** An option as it is typed, and the help's text. */
  readonly flags: readonly (readonly [string, string])[];
  readonly examples: readonly string[];
  /** `interrupted` rejects at the first Ctrl-C: what is open is to be closed then. */
  readonly run: (values: Record<string, unknown>, interrupted: Promise<never>) => Promise<void>;
}

/** Runs it with this process's arguments; an error is told on stderr. */
export async function runComparison({ name, description, flags, examples, run }: ComparisonCommand): Promise<void> {
  const command = new Command(`npm run ${name} --`).description(description);
  for (const [flag, help] of flags) command.option(flag, help);
  command.addHelpText('after', `\nExamples:\n${examples.map((each) => `  npm run ${name} -- ${each}`).join('\n')}`);
  command.action((values: Record<string, unknown>) => run(values, interruption()));
  await command.parseAsync().catch((error: unknown) => {
    process.stderr.write(`${error instanceof PsmrError ? `${error.code}: ` : ''}${messageOf(error)}\n`);
    process.exitCode = 1;
  });
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
