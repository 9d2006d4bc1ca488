/** What a plot of the report shows: plain data, which the page carries as JSON for browser/plots.ts to draw. */
export interface Chart {
  readonly title: string;
  readonly kind: 'bars' | 'lines';
  readonly xLabel: string;
  readonly yLabel: string;
  /** Ascending. */
  readonly x: readonly number[];
  /** What stands below each x in place of its number, in one line or several. */
  readonly categories: readonly string[] | null;
  readonly xScale: ChartScale;
  /** A logarithmic axis never begins at 0; the others do. */
  readonly yScale: 'linear' | 'log10';
  /** What it shows was not measured. */
  readonly prediction: boolean;
  /** Bars have one. */
  readonly series: readonly ChartSeries[];
}

/** `asinh` is nearly linear up to 1 and logarithmic beyond: for shares in percent, 0 among them. */
export type ChartScale = 'linear' | 'log2' | 'asinh';

export interface ChartSeries {
  readonly label: string;
  /** Of the page's palette, 1 to 8. */
  readonly colour: number;
  readonly style: 'solid' | 'dashed' | 'dots';
  /** One per x; null: nothing was measured there. */
  readonly values: readonly (number | null)[];
  /** How far the rounds scattered around each value; null: not known. */
  readonly spread: readonly ({ readonly min: number; readonly max: number } | null)[] | null;
  /** Of bars, one each; null: all have the series' own. */
  readonly barColours: readonly number[] | null;
}
