import { rateOf, type Contender, type Sample } from '../techniques/technique.js';
import { labelOf, type Variant } from '../techniques/variant.js';
import { LatencyRecorder, type LatencySummary } from './latency-recorder.js';
import { type Spread, spreadOf } from './spread.js';
import { turnsOf } from './turns.js';

export interface RoundPlan {
  readonly rounds: number;
  /** Measured time of each contender in each round. */
  readonly seconds: number;
  /** Time of each contender before the first round, not counted: compilers and caches settle. */
  readonly warmupSeconds: number;
}

export interface Measurement {
  readonly variant: Variant;
  readonly commandsPerSecond: Spread;
  readonly latencyUs: LatencySummary | null;
  /** This contender's median over the first one's. */
  readonly ratioToFirst: number;
  /** The same ratio round by round: how far it scattered. */
  readonly ratioRange: { readonly min: number; readonly max: number };
}

/**
 * Runs the contenders in turn, round after round, so that a slow minute of the machine hurts all of them alike; every
 * other round goes backwards, so that none always follows the same one. Then all are verified. `progress` is told each step. All
 * contenders are stopped at the end, whatever happens; `interrupted` rejects when it is to come early.
 */
export async function measureRounds(
  contenders: readonly Contender[],
  plan: RoundPlan,
  progress: (line: string) => void,
  interrupted: Promise<never> = new Promise(() => undefined),
): Promise<Measurement[]> {
  try {
    return await Promise.race([measure(contenders, plan, progress), interrupted]);
  } finally {
    await Promise.all(contenders.map((contender) => contender.stop()));
  }
}

async function measure(
  contenders: readonly Contender[],
  plan: RoundPlan,
  progress: (line: string) => void,
): Promise<Measurement[]> {
  for (const contender of contenders) {
    progress(`preparing ${labelOf(contender.variant)}`);
    await contender.prepare();
    await contender.run(plan.warmupSeconds);
  }
  const samples = await runAll(contenders, plan, progress);
  progress('checking results and final states');
  for (const contender of contenders) await contender.verify();
  return summarise(contenders, samples);
}

type Samples = ReadonlyMap<Contender, Sample[]>;

async function runAll(
  contenders: readonly Contender[],
  { rounds, seconds }: RoundPlan,
  progress: (line: string) => void,
): Promise<Samples> {
  const samples = new Map<Contender, Sample[]>(contenders.map((contender) => [contender, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const contender of turnsOf(contenders, round)) {
      const sample = await contender.run(seconds);
      samples.get(contender)?.push(sample);
      const rate = Math.round(rateOf(sample)).toLocaleString('en-US');
      progress(`round ${round} of ${rounds}: ${labelOf(contender.variant)} ${rate} commands/s`);
    }
  }
  return samples;
}

function summarise(contenders: readonly Contender[], samples: Samples): Measurement[] {
  const rates = contenders.map((contender) => (samples.get(contender) ?? []).map(rateOf));
  const first = rates[0] ?? [];
  const firstMedian = spreadOf(first).median;
  return contenders.map((contender, i) => {
    const own = rates[i] ?? [];
    const commandsPerSecond = spreadOf(own);
    const { min, max } = spreadOf(own.map((rate, round) => rate / (first[round] ?? rate)));
    const latencyUs = mergeLatencies(samples.get(contender) ?? []);
    const ratioToFirst = commandsPerSecond.median / firstMedian;
    return { variant: contender.variant, commandsPerSecond, latencyUs, ratioToFirst, ratioRange: { min, max } };
  });
}

function mergeLatencies(samples: readonly Sample[]): LatencySummary | null {
  const recorded = samples.flatMap(({ latencies }) => (latencies === null ? [] : [latencies]));
  if (recorded.length === 0) return null;
  const merged = new LatencyRecorder();
  for (const latencies of recorded) merged.add(latencies);
  return merged.summary();
}
