import type { LatencyRecorder } from '../measure/latency-recorder.js';
import type { Variant } from './variant.js';

/** The ways to execute a replicated service that the benchmark compares, each a real implementation. */
export const TECHNIQUES = ['no-rep', 'smr', 'sp-smr', 'p-smr', 'plain-loop'] as const;
export type TechniqueName = (typeof TECHNIQUES)[number];

export const TECHNIQUE_NOTES: Readonly<Record<TechniqueName, string>> = {
  'no-rep': 'one thread, no ordering',
  smr: 'one ordered log, one worker',
  'sp-smr': 'one ordered log, a scheduler thread that hands commands to workers',
  'p-smr': 'one ordered log and one worker per stream',
  'plain-loop': 'no engine: one thread that decodes the batches and updates a Map (kv only)',
};

/** What one round of one contender gave. */
export interface Sample {
  readonly commands: number;
  readonly seconds: number;
  /** Of every command of the round; null where nobody waits for replies (fed from a log). */
  readonly latencies: LatencyRecorder | null;
}

export function rateOf({ commands, seconds }: Sample): number {
  return commands / seconds;
}

/** One technique, set up with its workload: prepared once, run round by round, stopped once. */
export interface Contender {
  readonly variant: Variant;
  /** Starts threads and fills the state; nothing of it is measured. */
  prepare(): Promise<void>;
  /** Executes commands for about so long. Between two runs it leaves the processor to the others. */
  run(seconds: number): Promise<Sample>;
  /** After the last run: looks whether everything was executed as it should be. Rejects with what was wrong. */
  verify(): Promise<void>;
  /** Ends whatever `prepare` started; also after a `prepare` that failed half way. */
  stop(): Promise<void>;
}
