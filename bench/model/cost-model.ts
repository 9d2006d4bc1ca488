/**
 * Predicts the throughput of p-smr from what its busiest stream does for each command, and what that costs. Pure: what
 * was measured comes in, figures come out.
 *
 *   time per command = executions * (command + mixed, where streams meet at all + work)
 *                      + crossExecutions * cross + meetings * meeting + entries * entry
 *
 * With more streams than cores, their work shares the cores.
 */
import { spreadOf } from '../measure/spread.js';
import { nonNegativeLeastSquares } from './least-squares.js';
import type { LoadProfile, StreamLoad } from './load-profile.js';

/** Microseconds of one thread. */
export interface CostModel {
  readonly commandUs: number;
  /**
   * What every execution costs more once some commands are of several streams: pauses of one stream become pauses of all,
   * and code for one kind of command becomes code for two.
   */
  readonly mixedUs: number;
  /** Of a microsecond of work that was asked for. */
  readonly workUs: number;
  /** What a command of several streams costs each of them more. */
  readonly crossUs: number;
  /** A rendezvous, on each side: making up the values, waiting, taking them in. */
  readonly meetingUs: number;
  readonly entryUs: number;
}

export interface Conditions {
  readonly profile: LoadProfile;
  /** Work added to each command, in microseconds. */
  readonly workUs: number;
  readonly cores: number;
}

export interface MeasuredPoint extends Conditions {
  readonly commandsPerSecond: number;
}

const US_PER_SECOND = 1e6;

/** The costs that come closest to the points, each point's error counted in percent of it. */
export function fitCostModel(points: readonly MeasuredPoint[]): CostModel {
  // The time of each point is made 1: so errors are relative.
  const rows = points.map((point) => termsOf(point).map((term) => (term * point.commandsPerSecond) / US_PER_SECOND));
  const solution = nonNegativeLeastSquares({ rows, targets: points.map(() => 1) });
  const [commandUs = 0, mixedUs = 0, workUs = 0, crossUs = 0, meetingUs = 0, entryUs = 0] = solution;
  return { commandUs, mixedUs, workUs, crossUs, meetingUs, entryUs };
}

/** Commands per second. */
export function predictRate(model: CostModel, conditions: Conditions): number {
  const [executions, mixed, work, cross, meetings, entries] = termsOf(conditions);
  return (
    US_PER_SECOND /
    (executions * model.commandUs +
      mixed * model.mixedUs +
      work * model.workUs +
      cross * model.crossUs +
      meetings * model.meetingUs +
      entries * model.entryUs)
  );
}

/** How far off the prediction is, as a share of what was measured. */
export function errorOf(model: CostModel, point: MeasuredPoint): number {
  return Math.abs(predictRate(model, point) / point.commandsPerSecond - 1);
}

/** At least one point. */
export function medianError(model: CostModel, points: readonly MeasuredPoint[]): number {
  return spreadOf(points.map((point) => errorOf(model, point))).median;
}

type Terms = readonly [
  executions: number,
  mixed: number,
  work: number,
  cross: number,
  meetings: number,
  entries: number,
];

/** What each cost is multiplied by, for one command of the workload. */
function termsOf({ profile, workUs, cores }: Conditions): Terms {
  const { executions, crossExecutions, meetings, entries } = limitingLoad(profile, cores);
  const mixed = meetings > 0 ? executions : 0;
  return [executions, mixed, executions * workUs, crossExecutions, meetings, entries];
}

/** A core has its share of all streams' work, but never less than the busiest stream's, which is one thread. */
function limitingLoad({ streams, busiest, mean }: LoadProfile, cores: number): StreamLoad {
  const share = streams / cores;
  if (mean.executions * share <= busiest.executions) return busiest;
  return {
    executions: mean.executions * share,
    crossExecutions: mean.crossExecutions * share,
    meetings: mean.meetings * share,
    entries: mean.entries * share,
  };
}
