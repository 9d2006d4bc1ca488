import { z } from 'zod';
import { PsmrError } from '../../src/errors.js';
import { commaList, decimal, parseOptions, wholeNumber, wordOf } from '../options/option-values.js';

export const ROW_NAMES = [
  'throughput',
  'memory',
  'half-load',
  'one',
  'reads',
  'failover',
  'rejoin',
  'etcd',
  'memory-flat',
] as const;
export type RowName = (typeof ROW_NAMES)[number];

const path = z.string().min(1, 'a path');

/** By name on the command line, with the help's text and the default. */
const OPTIONS = {
  only: { flag: '--only <rows>', help: `of ${ROW_NAMES.join(',')}`, type: commaList(wordOf(ROW_NAMES)) },
  rounds: { flag: '--rounds <n>', help: 'contenders take turns in each (default: 5)', type: wholeNumber(1, 1000) },
  seconds: {
    flag: '--seconds <s>',
    help: 'measured time per contender and round (default: 3)',
    type: decimal(0.01, 3600, 'a number of seconds from 0.01 to 3600'),
  },
  clients: { flag: '--clients <n>', help: 'clients at full load (default: 2)', type: wholeNumber(1, 1000) },
  batch: { flag: '--batch <n>', help: "commands of a client's call (default: 2000)", type: wholeNumber(1, 65_535) },
  outstanding: {
    flag: '--outstanding <n>',
    help: 'unanswered commands per client (default: 40000)',
    type: wholeNumber(1, 1_000_000),
  },
  keys: { flag: '--keys <n>', help: 'in the state (default: 100000)', type: wholeNumber(2, 10_000_000) },
  kills: {
    flag: '--kills <n>',
    help: 'failover: of leaders, the groups take turns (default: 15)',
    type: wholeNumber(1, 1000),
  },
  missed: {
    flag: '--missed <n>',
    help: 'rejoin: commands that the replica misses (default: 1000000)',
    type: wholeNumber(1, 1_000_000_000),
  },
  minutes: {
    flag: '--minutes <n>',
    help: 'memory-flat: how long, after a warm-up as long, of 2 minutes at most (default: 10)',
    type: decimal(0.001, 10_000, 'a number of minutes from 0.001 to 10000'),
  },
  data: { flag: '--data <dir>', help: 'where all keep their data (default: the temporary directory)', type: path },
  profile: { flag: '--profile <dir>', help: 'write CPU profiles of the replicas there (slower)', type: path },
  json: { flag: '--json <file>', help: 'write the result there as JSON', type: path },
} as const;

const schema = z.strictObject({
  only: OPTIONS.only.type.default([...ROW_NAMES]),
  rounds: OPTIONS.rounds.type.default(5),
  seconds: OPTIONS.seconds.type.default(3),
  clients: OPTIONS.clients.type.default(2),
  batch: OPTIONS.batch.type.default(2000),
  outstanding: OPTIONS.outstanding.type.default(40_000),
  keys: OPTIONS.keys.type.default(100_000),
  kills: OPTIONS.kills.type.default(15),
  missed: OPTIONS.missed.type.default(1_000_000),
  minutes: OPTIONS.minutes.type.default(10),
  data: OPTIONS.data.type.nullable().default(null),
  profile: OPTIONS.profile.type.nullable().default(null),
  json: OPTIONS.json.type.nullable().default(null),
});

export type ReplicationOptions = Readonly<z.infer<typeof schema>>;

export const REPLICATION_FLAGS = Object.values(OPTIONS).map(({ flag, help }) => [flag, help] as const);

/** From what the command line gave. Throws INVALID_ARGUMENT, naming the option, what was found and what it accepts. */
export function parseReplicationOptions(values: Readonly<Record<string, unknown>>): ReplicationOptions {
  const options = parseOptions(schema, values);
  const { outstanding, batch } = options;
  if (outstanding < batch)
    throw new PsmrError('INVALID_ARGUMENT', `--outstanding: found ${outstanding}; accepts ${batch} (--batch) or more.`);
  return options;
}
