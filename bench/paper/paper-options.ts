import { PsmrError } from '../../src/errors.js';
import { parseBenchOptions } from '../options/bench-options.js';
import { flag } from '../options/option-values.js';

/** `psmr bench paper`: what is measured is the set's, how long and where it goes is the user's. */
export interface PaperOptions {
  /** Streams of p-smr and workers of sp-smr, wherever the number of streams is not what varies. */
  readonly streams: number;
  readonly seconds: number;
  readonly rounds: number;
  readonly seed: number;
  readonly report: string;
  readonly json: string | null;
  /** To see that it works: the figures say nothing. */
  readonly quick: boolean;
}

const ACCEPTED = ['streams', 'seconds', 'rounds', 'seed', 'report', 'json', 'quick'];
const TIME = { seconds: 0.25, rounds: 5 };
const TIME_QUICK = { seconds: 0.01, rounds: 1 };
const REPORT = 'psmr-paper.html';

/** Throws INVALID_ARGUMENT for the options of single benchmarks, and for wrong values. */
export function parsePaperOptions(values: Readonly<Record<string, unknown>>): PaperOptions {
  const other = Object.keys(values).find((name) => !ACCEPTED.includes(name));
  if (other !== undefined)
    throw new PsmrError(
      'INVALID_ARGUMENT',
      `${flag(other)}: psmr bench paper sets it; it accepts ${ACCEPTED.map(flag).join(', ')}.`,
    );
  const time = values['quick'] === true ? TIME_QUICK : TIME;
  const { streams, seconds, rounds, seed, report, json, quick } = parseBenchOptions({ ...time, ...values });
  return { streams, seconds, rounds, seed, report: report ?? REPORT, json, quick };
}
