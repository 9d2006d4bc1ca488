/** Faults that come and go, one after another, when a seed says. */
import { setTimeout as pause } from 'node:timers/promises';
import { seededRandom } from '../seeded-random.js';

export interface Fault {
  readonly name: string;
  begin(random: () => number): void | Promise<void>;
  /** Undoes it; called once, also when the run is ended early. */
  end(): void | Promise<void>;
}

export interface FaultPlan {
  readonly seed: number;
  readonly durationMs: number;
  /** How long a fault lasts, the least and the most, ms. */
  readonly faultMs: readonly [least: number, most: number];
  /** How long there is none between two, ms. */
  readonly quietMs: readonly [least: number, most: number];
}

export interface PlannedFault {
  readonly fault: Fault;
  readonly fromMs: number;
  readonly toMs: number;
}

/** The same for the same seed. The last one ends before the duration does. */
export function planFaults(faults: readonly Fault[], plan: FaultPlan): PlannedFault[] {
  const random = seededRandom(plan.seed);
  const within = ([least, most]: readonly [number, number]): number => least + random() * (most - least);
  const planned: PlannedFault[] = [];
  for (let fromMs = within(plan.quietMs); ;) {
    const fault = faults[Math.floor(random() * faults.length)];
    const toMs = fromMs + within(plan.faultMs);
    if (fault === undefined || toMs > plan.durationMs) return planned;
    planned.push({ fault, fromMs, toMs });
    fromMs = toMs + within(plan.quietMs);
  }
}

/** Lets the faults happen; resolves after the last, or early at the signal. Returns what happened, for a failure's report. */
export async function runFaults(
  planned: readonly PlannedFault[],
  options: { readonly seed: number; readonly signal?: AbortSignal },
): Promise<string[]> {
  const random = seededRandom(options.seed);
  const started = performance.now();
  const log: string[] = [];
  const until = async (ms: number): Promise<void> => {
    const leftMs = Math.max(0, started + ms - performance.now());
    await pause(leftMs, undefined, options.signal === undefined ? {} : { signal: options.signal }).catch(
      () => undefined,
    );
  };
  for (const { fault, fromMs, toMs } of planned) {
    await until(fromMs);
    if (options.signal?.aborted === true) break;
    log.push(`${Math.round(performance.now() - started)} ms: ${fault.name}`);
    try {
      await fault.begin(random);
      await until(toMs);
    } finally {
      await fault.end();
    }
    log.push(`${Math.round(performance.now() - started)} ms: end of ${fault.name}`);
  }
  return log;
}
