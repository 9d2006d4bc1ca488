/**
 * What the paper on P-SMR measures (Marandi, Bezerra, Pedone, ICDCS 2014), and what its figures leave open on this
 * machine: independent and dependent commands, mixes of both, skew, a file service; besides, work per command, streams
 * and latency.
 */
import { parseSweep, type Sweep } from '../options/sweep.js';
import type { PaperOptions } from './paper-options.js';

export interface PaperPart {
  readonly title: string;
  readonly notes: readonly string[];
  readonly sweep: Sweep;
  /** Its p-smr runs calibrate the cost model, or check it. */
  readonly modelled: boolean;
}

type Values = Readonly<Record<string, unknown>>;

const ALL = 'smr,no-rep,sp-smr,p-smr';
/** smr is the base of the speed-ups. Where these suffice, the others of the comparison are in other parts. */
const BASE = { technique: 'smr,p-smr' };
const SHARES = '0,0.01,0.05,0.1,0.15,0.25,0.5,1';
const SKEW = 0.99;
/** A lap of the logs: enough for steady rates, and quickly built. */
const COMMANDS = 40_000;
/** Near enough to the processor that popular keys cost what others do: what is shown is streams, not caches. */
const KEYS = 20_000;
const NETFS_FILES = 5000;
const QUICK: Values = { technique: 'p-smr', keys: 500, commands: 300 };

export function paperSet(options: PaperOptions): PaperPart[] {
  const part = (title: string, note: string, values: Values, modelled = false): PaperPart => ({
    ...{ title, notes: [note], modelled },
    sweep: parseSweep({ ...common(options), ...values, ...(options.quick ? QUICK : {}) }),
  });
  return [...mixes(part), ...shapes(part, options), ...services(part), ...latencies(part)].map((each) =>
    options.quick ? shortened(each) : each,
  );
}

type MakePart = (title: string, note: string, values: Values, modelled?: boolean) => PaperPart;

function common({ streams, seconds, rounds, seed }: PaperOptions): Values {
  return { technique: ALL, streams, seconds, rounds, seed, keys: KEYS, commands: COMMANDS };
}

function mixes(part: MakePart): PaperPart[] {
  return [
    part(
      'Independent commands',
      'Half reads, half updates of one key each: no two streams ever meet. What parallel execution can gain at most.',
      { cross: 0 },
    ),
    part(
      'Dependent commands',
      'Every command exchanges the values of two keys in two streams: two streams meet for each batch, and both execute it. What it costs when nothing is independent.',
      { cross: 1 },
    ),
    part(
      'Mixed commands, uniform keys',
      'From independent to dependent; all keys are equally popular.',
      { cross: SHARES },
      true,
    ),
    part(
      'Mixed commands, zipf keys',
      `The same with popular keys (zipf ${SKEW}): streams are no longer equally busy.`,
      { cross: SHARES, zipf: SKEW },
      true,
    ),
  ];
}

function shapes(part: MakePart, { streams }: PaperOptions): PaperPart[] {
  return [
    part(
      'Work per command',
      'A tenth of the commands are dependent. The more a command does, the less ordering and meeting count.',
      { ...BASE, cross: 0.1, workUs: '0,2,5,10,20' },
      true,
    ),
    part(
      'Skew',
      'Independent commands, from uniform keys to very popular ones.',
      { ...BASE, zipf: '0,0.5,0.9,0.99' },
      true,
    ),
    part(
      'Batches',
      'A quarter of the commands are dependent. The commands of an entry share a meeting.',
      { technique: 'p-smr', cross: 0.25, batch: '4,16,64,256' },
      true,
    ),
    part(
      'Batches of independent commands',
      'What entries cost by themselves: the rest of what is seen above are meetings.',
      { technique: 'p-smr', batch: '4,64' },
      true,
    ),
    part(
      'Streams',
      'A twentieth of the commands are dependent. As many streams as this machine has cores; for more see the model.',
      { ...BASE, cross: 0.05, streams: powersUpTo(streams).join(',') },
      true,
    ),
  ];
}

function services(part: MakePart): PaperPart[] {
  return [
    part(
      'File service (netfs)',
      'Reads and writes of blocks of 1 KiB, look-ups and listings, each of one path; and the given share of create, mkdir and unlink, which touch the directory too.',
      { workload: 'netfs', keys: NETFS_FILES, cross: '0,0.05,0.25' },
    ),
  ];
}

const CLIENTS = { feed: 'clients', clients: 4 };

function latencies(part: MakePart): PaperPart[] {
  return [
    part(
      'Latency, closed loop',
      'Clients in threads of this process send the next batch when one is answered. They share the cores with those that execute.',
      { ...CLIENTS, batch: 16, outstanding: 64 },
    ),
    part(
      'Latency, open loop',
      'Commands are sent at a given rate, whatever the replies do; a twentieth of them are dependent. Latency counts from when a command was due.',
      { ...CLIENTS, ...BASE, cross: 0.05, rate: '10000,25000,50000,100000,200000' },
    ),
  ];
}

/** 1, 2, 4, ... and the number itself. */
function powersUpTo(most: number): number[] {
  const powers: number[] = [];
  for (let power = 1; power < most; power *= 2) powers.push(power);
  return [...powers, most];
}

/** The first and the last point, at most. */
function shortened(part: PaperPart): PaperPart {
  const { axis, points } = part.sweep;
  return { ...part, sweep: { axis, points: points.filter((_point, at) => at === 0 || at === points.length - 1) } };
}
