import { type Spread, spreadOf } from './spread.js';

/** What each contender gave, round by round. */
export type Turns<N extends string> = Readonly<Record<N, readonly number[]>>;

/** A round's contenders in turn: every other round backwards, so that none always follows the same one. */
export function turnsOf<T>(contenders: readonly T[], round: number): readonly T[] {
  return round % 2 === 1 ? contenders : contenders.toReversed();
}

/** Runs the contenders in turn, round after round. */
export async function takeTurns<N extends string>(
  contenders: Readonly<Record<N, () => Promise<number>>>,
  rounds: number,
  progress: (line: string) => void,
): Promise<Turns<N>> {
  const names = Object.keys(contenders) as N[];
  const turns = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<N, number[]>;
  for (let round = 1; round <= rounds; round++) {
    for (const name of turnsOf(names, round)) turns[name].push(await contenders[name]());
    const told = names.map((name) => `${name} ${figureText(turns[name].at(-1) ?? 0)}`);
    progress(`round ${round} of ${rounds}: ${told.join(', ')}`);
  }
  return turns;
}

/** Of the ratios of the single rounds. */
export function ratioOf(of: readonly number[], over: readonly number[]): Spread {
  return spreadOf(of.map((value, round) => value / (over[round] ?? value)));
}

/** Three digits, or all before the point. */
export function figureText(value: number): string {
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return Number(value.toPrecision(3)).toString();
}
