import { z } from 'zod';
import { commaList, decimal, parseOptions, wholeNumber, wordOf } from '../options/option-values.js';
import { ROW_NAMES } from './row-names.js';

const path = z.string().min(1, 'a path');

/** By name on the command line, with the help's text and the default. */
const OPTIONS = {
  only: { flag: '--only <rows>', help: `of ${ROW_NAMES.join(',')}`, type: commaList(wordOf(ROW_NAMES)) },
  rounds: { flag: '--rounds <n>', help: 'the rows take turns in each (default: 5)', type: wholeNumber(1, 1000) },
  seconds: {
    flag: '--seconds <s>',
    help: 'measured time per row and round (default: 2)',
    type: decimal(0.01, 3600, 'a number of seconds from 0.01 to 3600'),
  },
  outstanding: {
    flag: '--outstanding <n>',
    help: 'unanswered commands, of every row (default: 5000)',
    type: wholeNumber(1, 100_000),
  },
  batch: {
    flag: '--batch <n>',
    help: 'commands of a call, where a row sends several (default: 100, or --outstanding)',
    type: wholeNumber(1, 128),
  },
  keys: { flag: '--keys <n>', help: 'in the state (default: 100000)', type: wholeNumber(2, 10_000_000) },
  data: { flag: '--data <dir>', help: 'where all keep their data (default: the temporary directory)', type: path },
  json: { flag: '--json <file>', help: 'write the result there as JSON', type: path },
  report: { flag: '--report <file>', help: 'write a page with plots there', type: path },
} as const;

const BATCH = 100;

const schema = z.strictObject({
  only: OPTIONS.only.type.default([...ROW_NAMES]),
  rounds: OPTIONS.rounds.type.default(5),
  seconds: OPTIONS.seconds.type.default(2),
  outstanding: OPTIONS.outstanding.type.default(5000),
  batch: OPTIONS.batch.type.default(BATCH),
  keys: OPTIONS.keys.type.default(100_000),
  data: OPTIONS.data.type.nullable().default(null),
  json: OPTIONS.json.type.nullable().default(null),
  report: OPTIONS.report.type.nullable().default(null),
});

export type PeersOptions = Readonly<z.infer<typeof schema>>;

export const PEERS_FLAGS = Object.values(OPTIONS).map(({ flag, help }) => [flag, help] as const);

/** From what the command line gave. Throws INVALID_ARGUMENT, naming the option, what was found and what it accepts. */
export function parsePeersOptions(values: Readonly<Record<string, unknown>>): PeersOptions {
  const options = parseOptions(schema, values);
  return { ...options, batch: Math.min(options.batch, options.outstanding) };
}

/** What was measured, to be typed again. */
export function commandOf({ only, rounds, seconds, outstanding, batch, keys }: PeersOptions): string {
  const rows = only.length === ROW_NAMES.length ? '' : ` --only ${only.join(',')}`;
  const sizes = `--rounds ${rounds} --seconds ${seconds} --outstanding ${outstanding} --batch ${batch} --keys ${keys}`;
  return `npm run bench:peers --${rows} ${sizes}`;
}
