/**
 * Keeps handlers deterministic (section 7 of the design): in a stream's worker the clock, randomness, timers and the
 * like are replaced once, by functions that throw while a handler runs and pass on otherwise. The check is one read of
 * a property, so it costs commands nothing.
 */
import { PsmrError } from '../errors.js';

export interface DeterminismGuard {
  /** True while handlers run. */
  active: boolean;
  /** The command that runs, for the error's sentence. */
  command: string;
  /** The real clock, ms since 1970, also while the guard is up. */
  realNow(): number;
  /** Puts everything back. */
  uninstall(): void;
}

type Callable = (...args: never[]) => unknown;

const USE_NOW = 'ctx.now, the time of the command in its log';
const USE_RANDOM = 'ctx.random(), seeded by the command';
const USE_NOTHING = 'nothing of the kind: a handler computes its result from state and arguments, at once';

/** Where each forbidden function lives, and what to use instead. */
const FORBIDDEN: readonly (readonly [path: string, instead: string])[] = [
  ['Date.now', USE_NOW],
  ['performance.now', USE_NOW],
  ['process.hrtime', USE_NOW],
  ['process.hrtime.bigint', USE_NOW],
  ['process.uptime', USE_NOW],
  ['Math.random', USE_RANDOM],
  ['crypto.randomUUID', USE_RANDOM],
  ['crypto.getRandomValues', USE_RANDOM],
  ['setTimeout', USE_NOTHING],
  ['setInterval', USE_NOTHING],
  ['setImmediate', USE_NOTHING],
  ['queueMicrotask', USE_NOTHING],
  ['process.nextTick', USE_NOTHING],
  ['process.exit', USE_NOTHING],
  ['fetch', USE_NOTHING],
  ['Atomics.wait', USE_NOTHING],
];

/** Installs the guard in this thread; once is enough, and `uninstall` ends it. */
export function installDeterminismGuard(): DeterminismGuard {
  const restore: (() => void)[] = [];
  const RealDate = globalThis.Date;
  const realNow = RealDate.now.bind(RealDate);
  const guard: DeterminismGuard = {
    active: false,
    command: '',
    realNow,
    uninstall: () => {
      for (const undo of restore.reverse()) undo();
    },
  };
  for (const [path, instead] of FORBIDDEN) {
    const undo = replaceFunction(guard, path, instead);
    if (undo !== null) restore.push(undo);
  }
  restore.push(replaceDate(guard, RealDate));
  return guard;
}

export function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}

function forbidden(guard: DeterminismGuard, what: string, instead: string): PsmrError {
  return new PsmrError(
    'NOT_DETERMINISTIC',
    `Command '${guard.command}' used ${what}, which differs from replica to replica. Use ${instead}.`,
  );
}

/** Replaces the function at a path below globalThis; null where this Node does not have it. */
function replaceFunction(guard: DeterminismGuard, path: string, instead: string): (() => void) | null {
  const names = path.split('.');
  const name = names.pop() ?? '';
  let owner: unknown = globalThis;
  for (const step of names) owner = owner === undefined ? undefined : Reflect.get(owner as object, step);
  if ((typeof owner !== 'object' && typeof owner !== 'function') || owner === null) return null;
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return null;
  const real = original as Callable;
  const guarded = function (this: unknown, ...args: never[]): unknown {
    if (guard.active) throw forbidden(guard, `${path}()`, instead);
    return Reflect.apply(real, this === undefined ? owner : this, args);
  };
  // What hangs on the original (hrtime.bigint, setTimeout's promisify symbol) stays.
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(real));
  const descriptor = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, { value: guarded, writable: true, configurable: true, enumerable: true });
  return () => {
    if (descriptor === undefined) Reflect.deleteProperty(owner as object, name);
    else Object.defineProperty(owner as object, name, descriptor);
  };
}

/** `new Date()` and `Date()` without arguments are the clock; with arguments they are arithmetic. */
function replaceDate(guard: DeterminismGuard, RealDate: DateConstructor): () => void {
  const guarded: DateConstructor = new Proxy(RealDate, {
    construct(target, args, newTarget): object {
      if (args.length === 0 && guard.active) throw forbidden(guard, 'new Date()', USE_NOW);
      return Reflect.construct(target, args, newTarget === guarded ? target : newTarget) as Date;
    },
    apply(target, self, args): string {
      if (guard.active) throw forbidden(guard, 'Date()', USE_NOW);
      return Reflect.apply(target, self, args) as string;
    },
  });
  globalThis.Date = guarded;
  return () => {
    globalThis.Date = RealDate;
  };
}
