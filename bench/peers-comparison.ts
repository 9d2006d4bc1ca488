/**
 * psmr side by side with Redis, etcd, NATS JetStream and what Node does by itself: the same keys, values and number of
 * unanswered commands, rows in turn in one run on this machine. Says of each what its figure promises.
 *
 *   npm run bench:peers -- [--only psmr-disk,redis-disk] [--rounds 5] [--seconds 2] [--json out.json] [--report out.html]
 */
import { writeFile } from 'node:fs/promises';
import { runComparison } from './peers/comparison-command.js';
import { installLine } from './peers/programs.js';
import { assertWritable } from './report/writable.js';
import { writePage } from './report/write-page.js';
import { parsePeersOptions, PEERS_FLAGS } from './side-by-side/options.js';
import { peersPage } from './side-by-side/peers-page.js';
import { peersJson, peersText } from './side-by-side/report.js';
import { rowsOf, runRows } from './side-by-side/run-rows.js';

await runComparison({
  name: 'bench:peers',
  description: 'psmr side by side with Redis, etcd, NATS JetStream, a plain loop and piscina.',
  flags: PEERS_FLAGS,
  examples: [
    '--report peers.html --json peers.json',
    '--only psmr-disk,redis-disk --rounds 3',
    '--outstanding 1        how long a single command takes',
  ],
  run: async (values, interrupted) => {
    const options = parsePeersOptions(values);
    await assertWritable('--json', options.json);
    await assertWritable('--report', options.report);
    const tell = (line: string): void => void process.stderr.write(`${line}\n`);
    const rows = rowsOf(options);
    const install = await installLine(rows.flatMap(({ programs }) => programs));
    if (install !== null) tell(`some programs are missing, their rows are skipped; to have them all: ${install}`);
    const results = await runRows(rows, options, tell, interrupted);
    if (options.json !== null) await writeFile(options.json, peersJson(results, options, install));
    if (options.report !== null) await writePage(options.report, peersPage(results, options, install));
    process.stdout.write(peersText(results, options, install));
    if (results.some(({ result }) => 'failed' in result)) process.exitCode = 1;
  },
});
