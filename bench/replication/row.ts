/** A row of the table of figures: what is measured, what is asked of it, and what came out. */
import type { Spread } from '../measure/spread.js';
import type { ReplicationOptions, RowName } from './options.js';
import type { Peers } from './peers.js';
import type { Resources } from '../peers/resources.js';

export interface Row {
  readonly name: RowName;
  readonly what: string;
  /** Of the figure; '': a ratio. */
  readonly unit: string;
  readonly better: 'more' | 'less';
  readonly bar: number;
  readonly aim: number;
  readonly run: (setting: Setting) => Promise<Measured>;
}

export interface Setting {
  readonly options: ReplicationOptions;
  /** What several rows use. */
  readonly peers: Peers;
  /** What is open while this row runs. */
  readonly resources: Resources;
  readonly progress: (line: string) => void;
}

export interface Measured {
  readonly figure: Spread;
  /** What the figure was made of, and what goes with it. */
  readonly details: readonly Detail[];
}

export interface Detail {
  readonly what: string;
  readonly unit: string;
  readonly spread: Spread;
}

/** What came of a row; skipped: a peer is not installed, and how to get it. */
export type Result = Measured | { readonly skipped: string } | { readonly failed: string };
