import type { BenchOptions, Durability } from '../options/bench-options.js';
import type { TechniqueName } from '../techniques/technique.js';
import type { LatencySummary } from './latency-recorder.js';
import type { Measurement } from './rounds.js';
import type { Spread } from './spread.js';

/** What `--json` writes: one object per technique, in the order of the command line. */
export interface Report {
  readonly runs: readonly RunReport[];
}

export interface RunReport {
  readonly technique: TechniqueName;
  readonly workload: string;
  readonly mix: string | null;
  /** Streams, and worker threads, that this technique ran with. */
  readonly streams: number;
  readonly cross: number;
  readonly workUs: number;
  readonly zipf: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly feed: 'log' | 'clients';
  /** null: fed from a log. */
  readonly clients: number | null;
  readonly batch: number;
  /** Commands per second that an open loop sends; null: closed loop, or fed from a log. */
  readonly rate: number | null;
  readonly durability: Durability;
  readonly rounds: number;
  readonly seconds: number;
  readonly seed: number;
  readonly commandsPerSecond: Spread;
  readonly latencyUs: LatencySummary | null;
  readonly ratioToFirst: number;
  readonly ratioRange: { readonly min: number; readonly max: number };
}

/** A technique with what else sets a contender apart. */
export interface Variant {
  readonly technique: TechniqueName;
  readonly durability: Durability;
  readonly streams: number;
}

/** Every technique with every durability, in the order given. */
export function variantsOf({ technique, durability, streams }: BenchOptions): Variant[] {
  return technique.flatMap((name) =>
    durability.map((each) => ({ technique: name, durability: each, streams: streamsOfTechnique(name, streams) })),
  );
}

function streamsOfTechnique(technique: TechniqueName, streams: number): number {
  return technique === 'p-smr' || technique === 'sp-smr' ? streams : 1;
}

/** Names a variant among others. */
export function labelOf({ technique, durability }: Pick<Variant, 'technique' | 'durability'>): string {
  return durability === 'memory' ? technique : `${technique} (${durability})`;
}

export function reportRun(options: BenchOptions, variant: Variant, measured: Measurement): RunReport {
  const { workload, mix, cross, workUs, zipf, keys, valueBytes, feed, clients, batch, rate, rounds, seconds, seed } =
    options;
  return {
    ...variant,
    ...{ workload, mix, cross, workUs, zipf, keys, valueBytes, feed, batch, rate, rounds, seconds, seed },
    clients: feed === 'clients' ? clients : null,
    commandsPerSecond: measured.commandsPerSecond,
    latencyUs: measured.latencyUs,
    ratioToFirst: measured.ratioToFirst,
    ratioRange: measured.ratioRange,
  };
}
