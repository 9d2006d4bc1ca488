/** A row of the table: who is measured, how, what a figure of it promises, and what came out. */
import type { Spread } from '../measure/spread.js';
import type { Program } from '../peers/programs.js';
import type { Resources } from '../peers/resources.js';
import type { PeersOptions } from './options.js';
import type { RowClass, RowName } from './row-names.js';
import type { Servers } from './servers.js';

export interface PeerRow {
  readonly name: RowName;
  readonly class: RowClass;
  readonly what: string;
  readonly programs: readonly Program[];
  /** What makes the load. */
  readonly load: string;
  /** What is measured runs in other processes. */
  readonly loadApart: boolean;
  readonly promises: Promises;
  /** Starts what it needs; what it returns runs the load for so long. Rejects with NOT_SUPPORTED where that is not to be had. */
  readonly start: (setting: Setting) => Promise<Run>;
}

export interface Promises {
  readonly replicated: string;
  readonly onDisk: string;
  readonly linearizable: string;
  /** Commands per round trip. */
  readonly roundTrip: string;
}

export interface Setting {
  readonly options: PeersOptions;
  readonly resources: Resources;
  /** What several rows use. */
  readonly servers: Servers;
}

export type Run = (seconds: number) => Promise<Turn>;

export interface Turn {
  readonly commandsPerSecond: number;
  /** null: nobody waits for a command. */
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
}

export interface Measured {
  readonly commandsPerSecond: Spread;
  readonly p50Ms: Spread | null;
  readonly p99Ms: Spread | null;
  /** Processor time of the load over the time it took; null: it is in one process with what it measures, or cannot be told. */
  readonly loadCores: Spread | null;
  /** To psmr's row of the class, round by round; null: that one was not measured. */
  readonly ratio: Spread | null;
}

/** skipped: a program is not installed, and how to get it. */
export type Result = Measured | { readonly skipped: string } | { readonly failed: string };

export interface RowResult {
  readonly row: PeerRow;
  readonly result: Result;
}
