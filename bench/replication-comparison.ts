/**
 * What replication costs and gives: three replicas of the kv service in processes of their own on this machine, against
 * Redis, etcd, and psmr without replication. Contenders take turns in one run; only ratios of one run mean anything.
 *
 *   npm run bench:replication -- [--only throughput,one] [--rounds 5] [--seconds 3] [--json out.json]
 */
import { writeFile } from 'node:fs/promises';
import { runComparison } from './peers/comparison-command.js';
import { parseReplicationOptions, REPLICATION_FLAGS } from './replication/options.js';
import { replicationJson, replicationText } from './replication/report.js';
import { runRows } from './replication/run-rows.js';
import { assertWritable } from './report/writable.js';

await runComparison({
  name: 'bench:replication',
  description: 'Three replicas of psmr against Redis with two replicas, three members of etcd, and psmr alone.',
  flags: REPLICATION_FLAGS,
  examples: ['--only throughput,one', '--rounds 3 --seconds 2 --json out.json'],
  run: async (values, interrupted) => {
    const options = parseReplicationOptions(values);
    await assertWritable('--json', options.json);
    const results = await runRows(options, (line) => process.stderr.write(`${line}\n`), interrupted);
    if (options.json !== null) await writeFile(options.json, replicationJson(results, options));
    process.stdout.write(replicationText(results));
    if (results.some(({ result }) => 'failed' in result)) process.exitCode = 1;
  },
});
