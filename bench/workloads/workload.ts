import type { Random } from './random-source.js';

/** One command as a client would give it to `execute`. */
export type BenchCommand = readonly [name: string, args: unknown];

/** Where keys live: what the generators need of a partition map, to place the two keys of a cross-stream command. */
export interface KeyPlacement {
  readonly streams: number;
  /** The stream of a key, 1..streams. */
  streamOf(key: string): number;
}

export interface WorkloadOptions {
  /** Keys (kv) or accounts (bank) in the state. */
  readonly keys: number;
  readonly valueBytes: number;
  /** Exponent of the popularity of keys, 0 (uniform) to below 1. */
  readonly zipf: number;
  /** Share of two-key commands whose keys lie in two streams, 0..1; each workload says of which commands. */
  readonly cross: number;
  /** Iterations of `spin` per command. */
  readonly work: number;
  readonly placement: KeyPlacement;
}

/** A sum over the state that no order of the commands changes: it shows lost, doubled and torn commands. */
export interface Conserved {
  /** Asks the service for the sum. */
  readonly query: BenchCommand;
  /** What these commands add to it, each executed once. */
  added(commands: Iterable<BenchCommand>): number;
}

/** Says what is wrong with a command's result, in a sentence; null for a right one. */
export type ResultCheck = (command: BenchCommand, value: unknown) => string | null;

/** Commands that fill a service, and commands to measure it with. Equal seeds give equal commands. */
export interface Workload {
  readonly name: string;
  /** The module whose default export is the service. */
  readonly service: URL;
  /** Brings the state to where measuring starts. */
  load(options: WorkloadOptions): Iterable<BenchCommand>;
  generate(options: WorkloadOptions, random: Random): Iterable<BenchCommand>;
  /** Finds what shows without knowing the order of the commands. */
  readonly check: ResultCheck;
  /** null: commands overwrite one another, so nothing is conserved. */
  readonly conserved: Conserved | null;
}

/** Of workloads whose results depend on the order of the commands. */
export const anyResult: ResultCheck = () => null;
