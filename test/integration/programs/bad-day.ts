/**
 * Loaded into a replica before all else, in each of its threads: files in the directory BAD_DAY say what its machine does
 * to it. `disk-full`: nothing can be written; `disk-quick`: every fdatasync ends at once; `disk-hangs`: none ends as long
 * as it is there; `disk-holds`: nor does a thread that waits for one itself, while others end; `disk-gone`: none ever
 * ends, nor the thread that waits for it. The last three are about files whose path has what the file says; `stands`, which is
 * written here, names those that a thread waits for itself. `clock`: by how many ms the system's clock has been set. It
 * goes by the monotonic one. `threads-die`: something in each worker thread throws that nobody catches.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { isMainThread, threadId } from 'node:worker_threads';

type Sync = typeof fs.fdatasync;

const LOOK_MS = 20;
const directory = process.env['BAD_DAY'] ?? '';
const is = (what: string): boolean => fs.existsSync(join(directory, what));

function patch<K extends keyof typeof fs>(name: K, made: (typeof fs)[K]): void {
  // What promisify finds on the original.
  Object.defineProperties(made, Object.getOwnPropertyDescriptors(fs[name]));
  fs[name] = made;
}

function full(): NodeJS.ErrnoException {
  return Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
}

/** Whoever opens it to read waits for somebody who writes, in a system call. */
function namelessPipe(): string {
  const path = join(directory, `pipe-${process.pid}-${threadId}`);
  if (!fs.existsSync(path)) execFileSync('mkfifo', [path]);
  return path;
}

/** For who waits until a thread stands still. */
function say(descriptor: number): void {
  fs.appendFileSync(join(directory, 'stands'), `${fs.readlinkSync(`/proc/self/fd/${descriptor}`)}\n`);
}

function isAbout(what: 'disk-hangs' | 'disk-holds' | 'disk-gone', descriptor: number): boolean {
  if (!is(what)) return false;
  const part = fs.readFileSync(join(directory, what), 'utf8');
  return fs.readlinkSync(`/proc/self/fd/${descriptor}`).includes(part);
}

const { fdatasync, fdatasyncSync, write, writeSync } = fs;
const sleep = new Int32Array(new SharedArrayBuffer(4));
const hangs = (descriptor: number): boolean => isAbout('disk-hangs', descriptor);
const stays = (descriptor: number): boolean => hangs(descriptor) || isAbout('disk-holds', descriptor);
const isGone = (descriptor: number): boolean => isAbout('disk-gone', descriptor);

const sync = ((descriptor, done) => {
  if (isGone(descriptor)) fs.open(namelessPipe(), 'r', () => done(null));
  else if (hangs(descriptor)) setTimeout(() => sync(descriptor, done), LOOK_MS).unref();
  else if (is('disk-quick')) process.nextTick(done, null);
  else fdatasync(descriptor, done);
}) as Sync;
patch('fdatasync', sync);
patch('fdatasyncSync', (descriptor) => {
  if (stays(descriptor) || isGone(descriptor)) say(descriptor);
  while (stays(descriptor)) Atomics.wait(sleep, 0, 0, LOOK_MS);
  // A system call: unlike a wait of the language's it does not end with the thread.
  if (isGone(descriptor)) fs.openSync(namelessPipe(), 'r');
  if (!is('disk-quick')) fdatasyncSync(descriptor);
});
patch('writeSync', ((...args: Parameters<typeof writeSync>) => {
  if (is('disk-full')) throw full();
  return writeSync(...args);
}) as typeof writeSync);
patch('write', ((...args: Parameters<typeof write>) => {
  const done = args.at(-1) as unknown as (error: Error) => void;
  if (is('disk-full')) setImmediate(() => done(full()));
  else write(...args);
}) as typeof write);
syncBuiltinESMExports();

const RealDate = Date;
let offsetMs = 0;
let lookedAt = Number.NEGATIVE_INFINITY;

function now(): number {
  if (performance.now() - lookedAt > LOOK_MS) {
    lookedAt = performance.now();
    offsetMs = is('clock') ? Number(fs.readFileSync(join(directory, 'clock'), 'utf8')) : 0;
  }
  return RealDate.now() + offsetMs;
}

globalThis.Date = class extends RealDate {
  constructor(...args: [] | ConstructorParameters<DateConstructor>) {
    if (args.length === 0) super(now());
    else super(...args);
  }
  static override now(): number {
    return now();
  }
} as DateConstructor;

function dieIfWanted(): void {
  if (is('threads-die')) throw new Error('a bad day ends this thread');
}

if (!isMainThread) setInterval(dieIfWanted, LOOK_MS).unref();
