/**
 * What recording costs (docs/dashboard.md): the throughput of an engine with it over that of one without. Both take
 * turns in one run; only ratios of one run mean anything.
 *
 *   npm run bench:recording -- [--rounds 9] [--seconds 2] [--streams 2] [--json out.json]
 */
import { writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { decimal, parseOptions, wholeNumber } from './options/option-values.js';
import { runComparison } from './peers/comparison-command.js';
import { compareRecording, recordingText } from './recording/rows.js';
import { assertWritable } from './report/writable.js';

const OPTIONS = {
  rounds: wholeNumber(1, 1000),
  seconds: decimal(0.01, 3600, 'a number of seconds from 0.01 to 3600'),
  streams: wholeNumber(1, 64),
  json: z.string().min(1, 'the path of a file'),
};

await runComparison({
  name: 'bench:recording',
  description: 'The engine with what its streams do being recorded, against the engine without.',
  flags: [
    ['--rounds <n>', 'how often each is measured (default: 9)'],
    ['--seconds <s>', 'how long each time (default: 2)'],
    ['--streams <n>', 'number of streams (default: 2)'],
    ['--json <file>', 'write the figures there'],
  ],
  examples: ['--rounds 15', '--rounds 3 --seconds 1 --json out.json'],
  run: async (values, interrupted) => {
    const {
      rounds = 9,
      seconds = 2,
      streams = 2,
      json = null,
    } = parseOptions(z.strictObject(OPTIONS).partial(), values);
    await assertWritable('--json', json);
    const sizes = { keys: 100_000, commands: 300_000 };
    const progress = (line: string): void => void process.stderr.write(`${line}\n`);
    const rows = await compareRecording({ rounds, seconds, streams, ...sizes }, progress, interrupted);
    if (json !== null) await writeFile(json, `${JSON.stringify(rows, null, 2)}\n`);
    process.stdout.write(recordingText(rows));
  },
});
