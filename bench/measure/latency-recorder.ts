import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';

export interface LatencySummary {
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

const LATENCY_US_MAX = 3_600_000_000;

/** Latencies in microseconds, from 1 us to an hour, true to three digits. */
export class LatencyRecorder {
  readonly #histogram: Histogram;

  constructor(histogram?: Histogram) {
    this.#histogram =
      histogram ??
      build({
        lowestDiscernibleValue: 1,
        highestTrackableValue: LATENCY_US_MAX,
        numberOfSignificantValueDigits: 3,
      });
  }

  /** For another thread. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#histogram);
  }

  static decode(text: string): LatencyRecorder {
    return new LatencyRecorder(decodeFromCompressedBase64(text));
  }

  /** `count` commands that took `us` each. */
  record(us: number, count: number): void {
    const value = Math.min(LATENCY_US_MAX, Math.max(1, Math.round(us)));
    this.#histogram.recordValueWithCount(value, count);
  }

  add(other: LatencyRecorder): void {
    this.#histogram.add(other.#histogram);
  }

  summary(): LatencySummary {
    const at = (percentile: number): number => this.#histogram.getValueAtPercentile(percentile);
    return { p50: at(50), p90: at(90), p99: at(99), p999: at(99.9), max: this.#histogram.maxValue };
  }
}
