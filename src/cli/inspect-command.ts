import { Command } from 'commander';
import { inspectDataDir } from './inspection.js';
import { renderInspection } from './inspection-text.js';
import { printProgress, printResult } from './terminal.js';

const HELP = `
Reads everything and checks every checksum; takes no lock, changes nothing and creates nothing, so an engine may have
the directory open meanwhile. Damage is an error that names the file and the place (exit code 4).

The logs:
  entries       index of the first and the last entry; those below are covered by a checkpoint
  batches       entries with commands; merge only: those with a merge point alone; no-ops: indexes that were filled
                and, in a replica's log, the first entry of a new leader
  merge points  group-0 indexes that the entries name: lowest and highest
  torn          the rest of a write that never finished, and was not acknowledged; the next start cuts it

The logs of a replica:
  members       entries that change who takes part
  last term     the term of the last entry
  vote          the newest term that the replica knows, and for whom it voted in that
  What is committed is not known from one disk: the newest entries may be, or another leader may replace them.

Examples:
  psmr inspect ./data
  psmr inspect ./data --json | jq '.checkpoints.complete[-1].parts[].hash'`;

export function inspectCommand(): Command {
  return new Command('inspect')
    .description('Show what is in a data directory: whose it is, its logs and its checkpoints.')
    .argument('<dataDir>', 'what was given to serve as --data, or to Engine.start as dataDir')
    .option('--json', 'as JSON, errors as objects')
    .addHelpText('after', HELP)
    .action((dataDir: string, { json }: { readonly json?: boolean }) => {
      const found = inspectDataDir(dataDir, printProgress);
      printResult(json === true ? JSON.stringify(found, null, 2) : renderInspection(found));
    });
}
