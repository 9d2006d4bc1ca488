/**
 * Keeps handlers deterministic (section 7 of the design): in a stream's worker the clock, randomness, timers and the
 * like are replaced once, by functions that throw while a handler runs and pass on otherwise. The check is one read of
 * a property, so it costs commands nothing.
 *
 * It goes up before the service's module is loaded, and catches mistakes, not intent. Guarded are the globals and the
 * same functions imported from node:crypto, node:perf_hooks, node:process, node:timers and node:timers/promises, by name
 * too. A handler must keep away from these by itself:
 *
 *   the machine      node:fs, node:os, node:child_process, sockets, process.env
 *   time zone        getHours and the other local parts of a Date; dates without a zone ('2024-01-01T10:00'): use UTC
 *   locale           toLocaleString, localeCompare, Intl (whose DateTimeFormat, given no date, also reads the clock)
 *   promises         async functions: a handler that returns a promise is refused afterwards
 *   its clock        performance.mark, performance.toJSON and their like
 *   hidden state     module variables that a handler changes, WeakRef, FinalizationRegistry, Error.stack
 *
 * What slips through makes replicas differ; the hashes of their checkpoints then say so (section 7).
 */
import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import timers from 'node:timers';
import timersOfPromises from 'node:timers/promises';
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

interface Forbidden {
  readonly root: object;
  /** Below the root. */
  readonly path: string;
  readonly instead: string;
}

const forbid = (root: object, instead: string, ...paths: readonly string[]): Forbidden[] =>
  paths.map((path) => ({ root, path, instead }));

const FORBIDDEN: readonly Forbidden[] = [
  ...forbid(
    globalThis,
    USE_NOW,
    'Date.now',
    'performance.now',
    'process.hrtime',
    'process.hrtime.bigint',
    'process.uptime',
  ),
  ...forbid(globalThis, USE_RANDOM, 'Math.random', 'crypto.randomUUID', 'crypto.getRandomValues'),
  ...forbid(crypto, USE_RANDOM, 'randomBytes', 'randomInt', 'randomUUID', 'randomFill', 'randomFillSync'),
  ...forbid(globalThis, USE_NOTHING, 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask'),
  ...forbid(timers, USE_NOTHING, 'setTimeout', 'setInterval', 'setImmediate'),
  ...forbid(timersOfPromises, USE_NOTHING, 'setTimeout', 'setInterval', 'setImmediate', 'scheduler.wait'),
  ...forbid(globalThis, USE_NOTHING, 'process.cpuUsage', 'process.resourceUsage', 'process.memoryUsage'),
  ...forbid(globalThis, USE_NOTHING, 'process.nextTick', 'process.exit', 'process.abort', 'process.kill'),
  ...forbid(globalThis, USE_NOTHING, 'fetch', 'Atomics.wait', 'Atomics.waitAsync', 'AbortSignal.timeout'),
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
      syncBuiltinESMExports();
    },
  };
  for (const forbidden of FORBIDDEN) {
    const undo = replaceFunction(guard, forbidden);
    if (undo !== null) restore.push(undo);
  }
  restore.push(replaceTimeOrigin(guard), replaceDate(guard, RealDate));
  // Both take the time when they are made. A File is given its own seldom, in a handler never.
  restore.push(replaceGetter(guard, Event, 'timeStamp'), replaceGetter(guard, File, 'lastModified'));
  // `import { randomInt } from 'node:crypto'` sees what was put into the module only after this.
  syncBuiltinESMExports();
  return guard;
}

function notDeterministic(guard: DeterminismGuard, what: string, instead: string): PsmrError {
  return new PsmrError(
    'NOT_DETERMINISTIC',
    `Command '${guard.command}' used ${what}, which differs from replica to replica. Use ${instead}.`,
  );
}

/** Replaces the function at a path; null where this Node does not have it. */
function replaceFunction(guard: DeterminismGuard, { root, path, instead }: Forbidden): (() => void) | null {
  const names = path.split('.');
  const name = names.pop() ?? '';
  let owner: unknown = root;
  for (const step of names) owner = isOwner(owner) ? Reflect.get(owner, step) : undefined;
  if (!isOwner(owner)) return null;
  const original: unknown = Reflect.get(owner, name);
  if (typeof original !== 'function') return null;
  const real = original as Callable;
  const guarded = function (this: unknown, ...args: never[]): unknown {
    if (guard.active) throw notDeterministic(guard, `${path}()`, instead);
    return Reflect.apply(real, this === undefined ? owner : this, args);
  };
  // What hangs on the original (hrtime.bigint, setTimeout's promisify symbol) stays.
  Object.defineProperties(guarded, Object.getOwnPropertyDescriptors(real));
  return assign(owner, name, guarded);
}

/**
 * Assigned, not defined: a property whose attributes change makes V8 turn its owner into a hash table, and then every
 * `Math.imul` and `Atomics.load` of the thread would be looked up in it, where they are one instruction otherwise.
 */
function assign(owner: object, name: string, value: unknown): () => void {
  const old = Object.getOwnPropertyDescriptor(owner, name);
  if (old?.writable !== true)
    return define(owner, name, { value, writable: true, configurable: true, enumerable: old?.enumerable ?? true });
  Reflect.set(owner, name, value);
  return () => {
    Reflect.set(owner, name, old.value);
  };
}

function replaceTimeOrigin(guard: DeterminismGuard): () => void {
  const { timeOrigin } = performance;
  const get = (): number => {
    if (guard.active) throw notDeterministic(guard, 'performance.timeOrigin', USE_NOW);
    return timeOrigin;
  };
  return define(performance, 'timeOrigin', { get, configurable: true, enumerable: true });
}

/** What objects of a class tell of the clock. */
function replaceGetter(guard: DeterminismGuard, owner: { prototype: object; name: string }, name: string): () => void {
  const old = Object.getOwnPropertyDescriptor(owner.prototype, name);
  const getter: unknown = Reflect.get(old ?? {}, 'get');
  if (typeof getter !== 'function' || old?.configurable !== true) return () => undefined;
  const real = getter as Callable;
  const get = function (this: unknown): unknown {
    if (guard.active) throw notDeterministic(guard, `${owner.name}.${name}`, USE_NOW);
    return Reflect.apply(real, this, []);
  };
  return define(owner.prototype, name, { ...old, get });
}

/** Defines a property; what it returns puts the old one back. */
function define(owner: object, name: string, descriptor: PropertyDescriptor): () => void {
  const old = Object.getOwnPropertyDescriptor(owner, name);
  Object.defineProperty(owner, name, descriptor);
  return () => {
    if (old === undefined) Reflect.deleteProperty(owner, name);
    else Object.defineProperty(owner, name, old);
  };
}

function isOwner(value: unknown): value is object {
  return (typeof value === 'object' && value !== null) || typeof value === 'function';
}

/** `new Date()` and `Date()` without arguments are the clock; with arguments they are arithmetic. */
function replaceDate(guard: DeterminismGuard, RealDate: DateConstructor): () => void {
  const guarded: DateConstructor = new Proxy(RealDate, {
    construct(target, args, newTarget): object {
      if (args.length === 0 && guard.active) throw notDeterministic(guard, 'new Date()', USE_NOW);
      return Reflect.construct(target, args, newTarget === guarded ? target : newTarget) as Date;
    },
    apply(target, self, args): string {
      if (guard.active) throw notDeterministic(guard, 'Date()', USE_NOW);
      return Reflect.apply(target, self, args) as string;
    },
  });
  const undo = [
    assign(globalThis, 'Date', guarded),
    // Else `someDate.constructor` would be a way around, and no Date's constructor would be Date.
    assign(RealDate.prototype, 'constructor', guarded),
  ];
  return () => {
    for (const each of undo) each();
  };
}
