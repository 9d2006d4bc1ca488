import { availableParallelism } from 'node:os';
import { z } from 'zod';
import { PsmrError } from '../../src/errors.js';
import { STREAMS_MAX } from '../../src/transport/frames.js';
import { TECHNIQUES, type TechniqueName } from '../techniques/technique.js';
import { EXAMPLE_KEYS, EXAMPLE_NAMES, isExample, SYMBOLS_MAX } from '../workloads/examples/examples.js';
import { KV_MIXES } from '../workloads/kv.js';
import { SECTOR_BYTES_MIN } from '../workloads/sectors.js';
import { commaList, decimal, flag, parseOptions, replicaUrl, share, wholeNumber, wordOf } from './option-values.js';

export const DURABILITIES = ['memory', 'async', 'sync'] as const;
export type Durability = (typeof DURABILITIES)[number];

const WORKLOADS = ['kv', 'bank', 'blocks', 'netfs', ...EXAMPLE_NAMES] as const;
const SEED_MAX = 2 ** 32 - 1;

/** Every option by its name on the command line, as text or already of its type. None has a default here. */
const OPTIONS = {
  workload: wordOf(WORKLOADS),
  mix: wordOf(KV_MIXES),
  technique: commaList(wordOf(TECHNIQUES)),
  streams: wholeNumber(1, STREAMS_MAX),
  cross: share(1, true),
  workUs: decimal(0, 100_000, 'a number of microseconds from 0 to 100000'),
  zipf: share(1, false),
  keys: wholeNumber(2, 50_000_000),
  valueBytes: wholeNumber(1, 1_000_000),
  feed: wordOf(['log', 'clients']),
  clients: wholeNumber(1, 10_000),
  batch: wholeNumber(1, 65_535),
  outstanding: wholeNumber(1, 1_000_000),
  commands: wholeNumber(1, 10_000_000),
  rate: wholeNumber(1, 100_000_000),
  connect: commaList(replicaUrl),
  tlsCa: z.string().min(1, 'the path of a PEM file'),
  durability: commaList(wordOf(DURABILITIES)),
  data: z.string().min(1, 'the path of a directory'),
  seconds: decimal(0.01, 3600, 'a number of seconds from 0.01 to 3600'),
  rounds: wholeNumber(1, 1000),
  seed: wholeNumber(0, SEED_MAX),
  trace: z.string().min(1, 'the path of a trace'),
  json: z.string().min(1, 'the path of a file'),
  report: z.string().min(1, 'the path of a file'),
  quick: z.boolean(),
};

const schema = z.strictObject(OPTIONS).partial();
type Given = z.infer<typeof schema>;

export interface BenchOptions {
  readonly workload: (typeof WORKLOADS)[number];
  /** Of kv; null for the others. */
  readonly mix: (typeof KV_MIXES)[number] | null;
  /** In the order in which they are compared: the first is what the others are measured against. */
  readonly technique: readonly TechniqueName[];
  readonly streams: number;
  readonly cross: number;
  readonly workUs: number;
  readonly zipf: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly feed: 'log' | 'clients';
  readonly clients: number;
  /** Commands per entry of a log, or per call of a client. */
  readonly batch: number;
  /** Different commands, after which it begins again with the first; null: as many as are worth it. */
  readonly commands: number | null;
  /** Commands that each client keeps unanswered at most. */
  readonly outstanding: number;
  /** Commands per second of an open loop; null: closed loop. */
  readonly rate: number | null;
  readonly connect: readonly string[] | null;
  /** PEM file of the authorities to trust there. */
  readonly tlsCa: string | null;
  /** Several are compared like techniques. */
  readonly durability: readonly Durability[];
  /** Where durable engines keep their logs meanwhile; null: the system's place for temporary files. */
  readonly data: string | null;
  /** Per technique and round. */
  readonly seconds: number;
  readonly rounds: number;
  readonly seed: number;
  readonly trace: string | null;
  readonly json: string | null;
  /** Where the page goes. */
  readonly report: string | null;
  /** A first look, for newcomers. */
  readonly quick: boolean;
}

/** A server elsewhere is what it is: there is nothing to compare it with. */
function techniquesByDefault({ connect }: Given, quick: boolean): TechniqueName[] {
  if (connect !== undefined) return ['p-smr'];
  return quick ? ['smr', 'no-rep', 'sp-smr', 'p-smr'] : ['smr', 'p-smr'];
}

/** Of blocks: what is kept per sector of 512 bytes of the disk; see workloads/blocks.ts. Of netfs: a block. */
const VALUE_BYTES: Partial<Record<BenchOptions['workload'], number>> = { blocks: 10, netfs: 1024 };
/** A file takes a thousand bytes and more. */
const NETFS_KEYS = 10_000;

function keysByDefault(workload: BenchOptions['workload'], quick: boolean): number {
  if (workload === 'netfs') return NETFS_KEYS;
  if (isExample(workload)) return EXAMPLE_KEYS[workload];
  return quick ? 100_000 : 1_000_000;
}

function defaults(given: Given): BenchOptions {
  const quick = given.quick === true;
  const workload = given.workload ?? 'kv';
  const ownWork = !isExample(workload);
  return {
    workload,
    technique: techniquesByDefault(given, quick),
    streams: Math.min(STREAMS_MAX, Math.max(2, availableParallelism())),
    cross: 0,
    workUs: quick && ownWork ? 10 : 0,
    zipf: 0,
    keys: keysByDefault(workload, quick),
    valueBytes: VALUE_BYTES[workload] ?? 32,
    feed: given.connect === undefined ? 'log' : 'clients',
    clients: 4,
    batch: 256,
    outstanding: Math.max(1024, given.batch ?? 0),
    commands: null,
    durability: ['memory'],
    seconds: quick ? 1 : 3,
    rounds: quick ? 3 : 5,
    seed: 1,
    mix: workload === 'kv' ? 'a' : null,
    rate: null,
    connect: null,
    tlsCa: null,
    data: null,
    trace: null,
    json: null,
    report: null,
    quick,
  };
}

/**
 * The options of a benchmark, from what the command line gave (text or values by camelCase name).
 * Throws INVALID_ARGUMENT, naming the option, what was found and what it accepts.
 */
export function parseBenchOptions(values: Readonly<Record<string, unknown>>): BenchOptions {
  const unknown = Object.keys(values).find((name) => !(name in OPTIONS));
  if (unknown !== undefined) wrong(`${flag(unknown)} is no option. See psmr bench --help.`);
  const given = parseOptions(schema, values);
  const options = withDefaults(given);
  for (const { option, needs, unless } of CONTRADICTIONS) {
    if (given[option] !== undefined && !unless(options))
      throw new PsmrError('INVALID_ARGUMENT', `${flag(option)} needs ${needs}.`);
  }
  checkTogether(options);
  return options;
}

function withDefaults(given: Given): BenchOptions {
  const standard = defaults(given);
  return {
    workload: standard.workload,
    mix: given.mix ?? standard.mix,
    technique: given.technique ?? standard.technique,
    streams: given.streams ?? standard.streams,
    cross: given.cross ?? standard.cross,
    workUs: given.workUs ?? standard.workUs,
    zipf: given.zipf ?? standard.zipf,
    keys: given.keys ?? standard.keys,
    valueBytes: given.valueBytes ?? standard.valueBytes,
    feed: given.feed ?? standard.feed,
    clients: given.clients ?? standard.clients,
    batch: given.batch ?? standard.batch,
    outstanding: given.outstanding ?? standard.outstanding,
    commands: given.commands ?? standard.commands,
    rate: given.rate ?? standard.rate,
    connect: given.connect ?? standard.connect,
    tlsCa: given.tlsCa ?? standard.tlsCa,
    durability: given.durability ?? standard.durability,
    data: given.data ?? standard.data,
    seconds: given.seconds ?? standard.seconds,
    rounds: given.rounds ?? standard.rounds,
    seed: given.seed ?? standard.seed,
    trace: given.trace ?? standard.trace,
    json: given.json ?? standard.json,
    report: given.report ?? standard.report,
    quick: standard.quick,
  };
}

/** Options that say nothing unless another one is set: better an error than a figure that was not asked for. */
const CONTRADICTIONS: readonly { option: keyof Given; needs: string; unless: (options: BenchOptions) => boolean }[] = [
  { option: 'mix', needs: '--workload kv', unless: ({ workload }) => workload === 'kv' },
  { option: 'trace', needs: '--workload blocks', unless: ({ workload }) => workload === 'blocks' },
  { option: 'clients', needs: '--feed clients', unless: ({ feed }) => feed === 'clients' },
  { option: 'outstanding', needs: '--feed clients', unless: ({ feed }) => feed === 'clients' },
  { option: 'rate', needs: '--feed clients', unless: ({ feed }) => feed === 'clients' },
  { option: 'connect', needs: '--feed clients', unless: ({ feed }) => feed === 'clients' },
  { option: 'tlsCa', needs: '--connect', unless: ({ connect }) => connect !== null },
  { option: 'data', needs: '--durability async or sync', unless: ({ durability }) => durability.some(isDurable) },
];

const isDurable = (durability: Durability): boolean => durability !== 'memory';

function checkTogether(options: BenchOptions): void {
  checkWorkload(options);
  if (options.feed === 'log') checkLogFeed(options);
  else checkClientFeed(options);
}

function checkWorkload({ workload, trace, valueBytes, technique, workUs, keys }: BenchOptions): void {
  if (isExample(workload) && workUs > 0)
    wrong(`--work-us needs --workload kv, bank or blocks: ${workload} is a service of examples/, and runs as it is.`);
  if (workload === 'exchange' && keys > SYMBOLS_MAX)
    wrong(`--keys: found ${keys}; exchange accepts ${SYMBOLS_MAX} or fewer, each account's limits are one command.`);
  if (workload === 'blocks' && trace === null)
    wrong('--workload blocks needs --trace FILE, a CSV with version,time,op,size,lbn.');
  if (workload === 'blocks' && valueBytes < SECTOR_BYTES_MIN)
    wrong(`--value-bytes: found ${valueBytes}; blocks accept ${SECTOR_BYTES_MIN} or more.`);
  if (workload !== 'kv' && technique.includes('plain-loop')) wrong('--technique plain-loop needs --workload kv.');
}

function checkLogFeed({ durability }: BenchOptions): void {
  if (durability.some(isDurable))
    wrong(`--durability ${durability.join(',')} needs --feed clients: a log in memory writes nothing.`);
}

function checkClientFeed({ outstanding, batch, technique, durability, connect }: BenchOptions): void {
  if (outstanding < batch) wrong(`--outstanding: found ${outstanding}; accepts ${batch} (--batch) or more.`);
  if (technique.includes('plain-loop')) wrong('--technique plain-loop needs --feed log: it has no clients.');
  if (connect !== null && (technique.length > 1 || durability.length > 1))
    wrong(
      '--connect needs one --technique and one --durability, those of the server: there is nothing else to compare.',
    );
  const unlogged = technique.find((name) => name === 'no-rep' || name === 'sp-smr');
  if (unlogged === undefined) return;
  if (durability.some(isDurable))
    wrong(`--durability ${durability.join(',')}: ${unlogged} keeps no log on disk; use it with smr or p-smr.`);
  if (connect !== null) wrong(`--connect: a server is smr (one stream) or p-smr, not ${unlogged}.`);
}

function wrong(sentence: string): never {
  throw new PsmrError('INVALID_ARGUMENT', sentence);
}
