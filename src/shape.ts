/**
 * Checks of values that came from outside, where every worker loads the code: zod does more, and takes longer to load
 * than all the rest of a worker. What only the main thread and the command line read is checked with zod.
 */

/** Takes a value at a path (`''`: the whole), gives it with its type, or throws ShapeError. */
export type Check<T> = (value: unknown, path: string) => T;

type Checks = Readonly<Record<string, Check<unknown>>>;

/** Fields whose check takes what is missing may be left out. */
type Checked<C extends Checks> = { -readonly [Name in keyof C]: ReturnType<C[Name]> };

export class ShapeError extends Error {
  /** Such as `replicas.0.id`. */
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }
}

function fail(path: string, due: string, value: unknown): never {
  throw new ShapeError(path, `${due} was due, not ${kindOf(value)}`);
}

function kindOf(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? 'a list' : value instanceof Uint8Array ? 'bytes' : `a ${typeof value}`;
}

export function whole(least: number, most = Number.MAX_SAFE_INTEGER): Check<number> {
  return (value, path) => {
    if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    return fail(path, `a whole number ${range}`, value);
  };
}

/** No NaN, and nothing infinite. */
export const number: Check<number> = (value, path) =>
  typeof value === 'number' && Number.isFinite(value) ? value : fail(path, 'a number', value);

export function text(lengthMax = Infinity): Check<string> {
  return (value, path) => {
    if (typeof value !== 'string') return fail(path, 'a string', value);
    if (value.length > lengthMax) throw new ShapeError(path, `${value.length} characters of ${lengthMax}`);
    return value;
  };
}

export function bytes(count: number): Check<Uint8Array> {
  return (value, path) => {
    if (!(value instanceof Uint8Array)) return fail(path, `${count} bytes`, value);
    if (value.byteLength !== count) throw new ShapeError(path, `${count} bytes were due, not ${value.byteLength}`);
    return value;
  };
}

export const anything: Check<unknown> = (value) => value;

export function nullable<T>(check: Check<T>): Check<T | null> {
  return (value, path) => (value === null ? null : check(value, path));
}

export function optional<T>(check: Check<T>): Check<T | undefined> {
  return (value, path) => (value === undefined ? undefined : check(value, path));
}

/** `initial` is made anew for each value that is missing. */
export function otherwise<T>(check: Check<T>, initial: () => T): Check<T> {
  return (value, path) => (value === undefined ? initial() : check(value, path));
}

export function list<T>(check: Check<T>, least = 0): Check<T[]> {
  return (value, path) => {
    if (!Array.isArray(value)) return fail(path, 'a list', value);
    if (value.length < least) throw new ShapeError(path, `${value.length} items of at least ${least}`);
    // Array.from: a list may have holes, which map would pass over.
    return Array.from(value as unknown[], (item, at) => check(item, below(path, at)));
  };
}

export function pair<A, B>(first: Check<A>, second: Check<B>): Check<[A, B]> {
  return (value, path) => {
    if (!Array.isArray(value)) return fail(path, 'a list of two', value);
    if (value.length !== 2) throw new ShapeError(path, `a list of two was due, not of ${value.length}`);
    const [a, b] = value as unknown[];
    return [first(a, below(path, 0)), second(b, below(path, 1))];
  };
}

/** Fields that are not among `checks` are left out. */
export function fields<C extends Checks>(checks: C): Check<Checked<C>> {
  return (value, path) => {
    if (!isObject(value)) return fail(path, 'a map', value);
    const found: [string, unknown][] = [];
    for (const [name, check] of Object.entries(checks)) {
      const item = check(Object.hasOwn(value, name) ? value[name] : undefined, below(path, name));
      if (item !== undefined) found.push([name, item]);
    }
    return Object.fromEntries(found) as Checked<C>;
  };
}

/** As `fields`; but others are refused. */
export function fieldsOnly<C extends Checks>(checks: C): Check<Checked<C>> {
  const check = fields(checks);
  return (value, path) => {
    const checked = check(value, path);
    const unknown = Object.keys(value as object).find((name) => !Object.hasOwn(checks, name));
    if (unknown !== undefined) throw new ShapeError(path, `there is no field ${JSON.stringify(unknown)}`);
    return checked;
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array);
}

function below(path: string, step: string | number): string {
  return path === '' ? String(step) : `${path}.${step}`;
}
