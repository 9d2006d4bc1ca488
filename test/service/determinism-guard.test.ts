import { File as FileOfModule } from 'node:buffer';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { performance as performanceOfModule } from 'node:perf_hooks';
import { nextTick } from 'node:process';
import { setTimeout as timerOfModule } from 'node:timers';
import { scheduler, setTimeout as timerOfPromises } from 'node:timers/promises';
import { promisify } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installDeterminismGuard, type DeterminismGuard } from '../../src/service/determinism-guard.js';
import { isThenable } from '../../src/service/promises.js';
import { codeAndMessage } from './thrown.js';

let guard: DeterminismGuard;
beforeEach(() => {
  guard = installDeterminismGuard();
  guard.command = 'deposit';
});
afterEach(() => guard.uninstall());

/** What `action` throws while handlers run, as the executor would run them. */
function inHandler(action: () => unknown): [code: string, message: string] {
  const guarded = (): void => {
    guard.active = true;
    try {
      action();
    } finally {
      guard.active = false;
    }
  };
  return codeAndMessage(guarded);
}

const nothing = (): void => undefined;
const realExit = process.exit;
const ownBefore = [crypto, performance].map((owner) => Object.getOwnPropertyNames(owner));

const FORBIDDEN: readonly (readonly [what: string, action: () => unknown, instead: string])[] = [
  ['Date.now()', () => Date.now(), 'ctx.now'],
  ['new Date()', () => new Date(), 'ctx.now'],
  ['new Date()', () => new (class extends Date {})(), 'ctx.now'],
  ['new Date()', () => new (new Date(0).constructor as DateConstructor)(), 'ctx.now'],
  ['Date()', () => Date(), 'ctx.now'],
  ['performance.now()', () => performance.now(), 'ctx.now'],
  ['performance.now()', () => performanceOfModule.now(), 'ctx.now'],
  ['performance.timeOrigin', () => performance.timeOrigin, 'ctx.now'],
  ['process.hrtime()', () => process.hrtime(), 'ctx.now'],
  ['process.hrtime.bigint()', () => process.hrtime.bigint(), 'ctx.now'],
  ['process.uptime()', () => process.uptime(), 'ctx.now'],
  ['process.cpuUsage()', () => process.cpuUsage(), 'at once'],
  ['process.memoryUsage()', () => process.memoryUsage(), 'at once'],
  ['process.resourceUsage()', () => process.resourceUsage(), 'at once'],
  ['Event.timeStamp', () => new Event('x').timeStamp, 'ctx.now'],
  ['Event.timeStamp', () => new MessageEvent('x').timeStamp, 'ctx.now'],
  ['File.lastModified', () => new File([], 'x').lastModified, 'ctx.now'],
  ['File.lastModified', () => new FileOfModule([], 'x').lastModified, 'ctx.now'],
  ['Math.random()', () => Math.random(), 'ctx.random()'],
  ['crypto.randomUUID()', () => crypto.randomUUID(), 'ctx.random()'],
  ['crypto.getRandomValues()', () => crypto.getRandomValues(new Uint8Array(1)), 'ctx.random()'],
  ['randomUUID()', () => randomUUID(), 'ctx.random()'],
  ['randomBytes()', () => randomBytes(1), 'ctx.random()'],
  ['randomInt()', () => randomInt(5), 'ctx.random()'],
  ['setTimeout()', () => setTimeout(nothing, 0), 'at once'],
  ['setTimeout()', () => timerOfModule(nothing, 0), 'at once'],
  ['setTimeout()', () => timerOfPromises(0), 'at once'],
  ['setTimeout()', () => promisify(setTimeout)(0), 'at once'],
  ['setImmediate()', () => promisify(setImmediate)(), 'at once'],
  ['scheduler.wait()', () => scheduler.wait(0), 'at once'],
  ['AbortSignal.timeout()', () => AbortSignal.timeout(1), 'at once'],
  ['setInterval()', () => setInterval(nothing, 1), 'at once'],
  ['setImmediate()', () => setImmediate(nothing), 'at once'],
  ['queueMicrotask()', () => queueMicrotask(nothing), 'at once'],
  ['process.nextTick()', () => nextTick(nothing), 'at once'],
  ['process.exit()', () => process.exit(), 'at once'],
  ['fetch()', () => fetch('http://127.0.0.1:1'), 'at once'],
  ['Atomics.wait()', () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1), 'at once'],
];

describe('the determinism guard', () => {
  it.each(FORBIDDEN)('refuses %s in a handler, naming the command and what to use instead', (what, action, instead) => {
    const [code, message] = inHandler(action);
    expect(code).toBe('NOT_DETERMINISTIC');
    expect(message).toContain(`Command 'deposit' used ${what}, `);
    expect(message).toContain(instead);
  });

  it('lets the arithmetic of dates pass in a handler', () => {
    guard.active = true;
    const text = [
      new Date(0).toISOString(),
      new Date('2020-01-02').getUTCDate(),
      Date.UTC(1970, 0, 2),
      Date.parse('0Z'),
    ];
    const isDate = new Date(5) instanceof Date && new Date(5).constructor === Date;
    guard.active = false;
    expect(text.slice(0, 3)).toEqual(['1970-01-01T00:00:00.000Z', 2, 86_400_000]);
    expect(isDate).toBe(true);
  });

  it('lets everything pass outside of handlers', async () => {
    expect(Math.abs(Date.now() - new Date().getTime())).toBeLessThan(60_000);
    expect(typeof Date()).toBe('string');
    expect(performance.timeOrigin + performance.now()).toBeGreaterThan(0);
    expect(process.hrtime.bigint()).toBeGreaterThan(0n);
    expect(randomBytes(3)).toHaveLength(3);
    expect(crypto.getRandomValues(new Uint8Array(2))).toHaveLength(2);
    expect(crypto.randomUUID()).not.toBe(randomUUID());
    expect(new Event('x').timeStamp).toBeGreaterThan(0);
    expect(new File([], 'x', { lastModified: 5 }).lastModified).toBe(5);
    expect(process.memoryUsage.rss()).toBeGreaterThan(0);
    expect(process.cpuUsage().user).toBeGreaterThan(0);
    await new Promise((resolve) => setImmediate(resolve));
    await promisify(setTimeout)(0);
    expect(Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1)).toBe('not-equal');
  });

  it('leaves the engine itself a clock', () => {
    guard.active = true;
    const now = guard.realNow();
    guard.active = false;
    expect(Math.abs(Date.now() - now)).toBeLessThan(60_000);
  });

  it('leaves Math and Atomics as fast as they were: V8 compiles their functions in place', () => {
    setFlagsFromString('--allow-natives-syntax');
    const isFast = new Script('(object) => %HasFastProperties(object)').runInThisContext() as (it: object) => boolean;
    const fast = [Math, Atomics].map((each) => isFast(each));
    setFlagsFromString('--no-allow-natives-syntax');
    expect(fast).toEqual([true, true]);
    expect(Object.keys(Math)).toEqual([]);
  });

  it('is gone after uninstall', () => {
    guard.uninstall();
    guard.active = true;
    expect([typeof Date.now(), typeof Math.random(), randomInt(1)]).toEqual(['number', 'number', 0]);
    expect(new Date(0).constructor).toBe(Date);
    expect(process.exit).toBe(realExit);
    guard.active = true;
    expect(typeof new Event('x').timeStamp).toBe('number');
    expect([crypto, performance].map((owner) => Object.getOwnPropertyNames(owner))).toEqual(ownBefore);
  });
});

describe('isThenable', () => {
  it('tells what await would wait for', () => {
    const callable = Object.assign(() => 1, { then: nothing });
    expect([Promise.resolve(), { then: nothing }, callable].map(isThenable)).toEqual([true, true, true]);
    expect([null, undefined, 5, 'then', {}, { then: 1 }, nothing].some(isThenable)).toBe(false);
  });
});
