import { PsmrError } from '../../src/errors.js';
import { type BenchOptions, parseBenchOptions } from './bench-options.js';

/** The options of which one may be a list: everything is then measured at each of its values. */
export const SWEEP_AXES = ['streams', 'cross', 'workUs', 'zipf', 'batch', 'rate'] as const;
export type SweepAxis = (typeof SWEEP_AXES)[number];

/** One benchmark per value of the axis; without one, a single benchmark. */
export interface Sweep {
  readonly axis: SweepAxis | null;
  /** At least one, in the order given. */
  readonly points: readonly BenchOptions[];
}

/** Options as `parseBenchOptions` takes them, one of them perhaps with several values. Throws INVALID_ARGUMENT. */
export function parseSweep(values: Readonly<Record<string, unknown>>): Sweep {
  const [axis, second] = SWEEP_AXES.filter((name) => listed(values[name]).length > 1);
  if (axis === undefined) return { axis: null, points: [parseBenchOptions(values)] };
  if (second !== undefined)
    throw new PsmrError(
      'INVALID_ARGUMENT',
      'One of --streams, --cross, --work-us, --zipf, --batch, --rate can be a list.',
    );
  const points = listed(values[axis]).map((value) => parseBenchOptions({ ...values, [axis]: value }));
  if (new Set(points.map((point) => point[axis])).size < points.length)
    throw new PsmrError('INVALID_ARGUMENT', `'${String(values[axis])}' is no list without repetition.`);
  return { axis, points };
}

function listed(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(',').map((each) => each.trim()) : [];
}
