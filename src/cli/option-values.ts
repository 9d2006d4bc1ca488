/** Values of options as commander hands them in: text. */
import { InvalidArgumentError } from 'commander';

/** A parser of whole numbers from `least` to `most`. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`It accepts a whole number from ${least} to ${most}.`);
  };
}

export const PORT_MAX = 65_535;
