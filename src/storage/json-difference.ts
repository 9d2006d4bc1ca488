/** In which parts two JSON values differ, for people: a partition map has 1,024 slots. Pure. */
import { isDeepStrictEqual } from 'node:util';

const SHOWN_LENGTH_MAX = 200;

/** Such as `classes was [], is [{"prefix":"a"}]; slots differs in 512 of 1024 places, first at [1]: was 2, is 1`. Null: in none. */
export function differenceOf(was: unknown, is: unknown): string | null {
  if (isDeepStrictEqual(was, is)) return null;
  if (!isRecord(was) || !isRecord(is)) return changed(was, is);
  const names = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  const differing = names.filter((name) => !isDeepStrictEqual(was[name], is[name]));
  return differing.map((name) => `${name} ${fieldDifference(was[name], is[name])}`).join('; ');
}

function fieldDifference(was: unknown, is: unknown): string {
  const whole = changed(was, is);
  if (!Array.isArray(was) || !Array.isArray(is) || was.length !== is.length || whole.length <= SHOWN_LENGTH_MAX)
    return whole;
  const [before, after]: readonly (readonly unknown[])[] = [was, is];
  const places = [...was.keys()].filter((at) => !isDeepStrictEqual(before?.[at], after?.[at]));
  const [first = 0] = places;
  return `differs in ${places.length} of ${was.length} places, first at [${first}]: ${changed(before?.[first], after?.[first])}`;
}

function changed(was: unknown, is: unknown): string {
  return `was ${shown(was)}, is ${shown(is)}`;
}

function shown(value: unknown): string {
  const text = value === undefined ? 'nothing' : JSON.stringify(value);
  return text.length > SHOWN_LENGTH_MAX ? `${text.slice(0, SHOWN_LENGTH_MAX)}...` : text;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
