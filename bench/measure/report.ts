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
  /** What `--streams` said: the others of the comparison may have had so many. */
  readonly streamsAsked: number;
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

export function reportRun(options: BenchOptions, measured: Measurement): RunReport {
  const { workload, mix, cross, workUs, zipf, keys, valueBytes, feed, clients, batch, rate, rounds, seconds, seed } =
    options;
  return {
    ...measured.variant,
    ...{ workload, mix, cross, workUs, zipf, keys, valueBytes, feed, batch, rate, rounds, seconds, seed },
    streamsAsked: options.streams,
    clients: feed === 'clients' ? clients : null,
    commandsPerSecond: measured.commandsPerSecond,
    latencyUs: measured.latencyUs,
    ratioToFirst: measured.ratioToFirst,
    ratioRange: measured.ratioRange,
  };
}
