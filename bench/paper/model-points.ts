import type { RunReport } from '../measure/report.js';
import type { Spread } from '../measure/spread.js';
import { type CostModel, fitCostModel, type MeasuredPoint, medianError } from '../model/cost-model.js';
import type { BenchOptions } from '../options/bench-options.js';
import type { PaperPart } from './paper-set.js';
import { profileRun } from './profile-run.js';

/** A part of the set with what was measured. */
export interface MeasuredPart {
  readonly part: PaperPart;
  readonly runs: readonly RunReport[];
}

export interface ModelPoint extends MeasuredPoint {
  readonly part: string;
  /** Its rounds. */
  readonly spread: Spread;
  readonly options: BenchOptions;
  /** The others check what these say. */
  readonly calibrates: boolean;
}

export interface CheckedModel {
  readonly costs: CostModel;
  readonly points: readonly ModelPoint[];
  /** Of the points that did not calibrate it. */
  readonly medianError: number;
}

/** Calibrates with every other point of each part, checks with those between; null: too few points for either. */
export function checkedModel(points: readonly ModelPoint[]): CheckedModel | null {
  const calibrating = points.filter(({ calibrates }) => calibrates);
  const checking = points.filter(({ calibrates }) => !calibrates);
  if (calibrating.length === 0 || checking.length === 0) return null;
  const costs = fitCostModel(calibrating);
  return { costs, points, medianError: medianError(costs, checking) };
}

/** The p-smr runs of the parts that the model is about; `cores` are this machine's. */
export async function modelPoints(measured: readonly MeasuredPart[], cores: number): Promise<ModelPoint[]> {
  const points: ModelPoint[] = [];
  for (const { part, runs } of measured.filter((each) => each.part.modelled)) {
    const own = runs.filter(({ technique }) => technique === 'p-smr');
    for (const [at, options] of part.sweep.points.entries()) {
      const run = own[at];
      // Of one stream alone, commands of two keys have nobody to meet: the model says nothing about these.
      if (run === undefined || options.streams === 1) continue;
      points.push({
        ...{ part: part.title, options, calibrates: at % 2 === 0, cores, workUs: options.workUs },
        profile: await profileRun(options, options.commands ?? 0),
        // Of the fastest round: what interrupts a round is no cost of a command.
        commandsPerSecond: run.commandsPerSecond.max,
        spread: run.commandsPerSecond,
      });
    }
  }
  return points;
}
