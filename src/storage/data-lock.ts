/**
 * One engine per data directory. The lock is a directory of generations, `lock/<n>`: the highest one counts, and says
 * which process holds it. Taking over a dead holder's means to create the next generation, which only one process can;
 * a generation is never removed by its own holder, only by the one after it, so that no number is used twice while
 * anyone could still believe in the old one.
 *
 * Liveness is by process id and start time, so a reused id does not look alive. It holds within one machine (and one
 * process namespace): keep a data directory off file systems that several machines mount.
 */
import * as fs from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { z } from 'zod';
import { PsmrError } from '../errors.js';

const holderSchema = z.object({ pid: z.number().int().positive(), startTime: z.string(), released: z.boolean() });
type Holder = z.infer<typeof holderSchema>;

export interface DataLock {
  readonly release: () => void;
}

/**
 * When a process started, in clock ticks since boot; empty where the system does not say (no /proc), and for one that
 * has ended, though its parent has not asked how yet.
 */
function startTimeOf(pid: number): string {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name, in parentheses, may hold anything; the 3rd field follows it, the 22nd is the 20th after it.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? '' : (fields[19] ?? '');
  } catch {
    return '';
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

function isAlive(holder: Holder): boolean {
  if (holder.released || !isRunning(holder.pid)) return false;
  return startTimeOf(holder.pid) === holder.startTime;
}

function readHolder(path: string): Holder | null {
  try {
    return holderSchema.parse(JSON.parse(fs.readFileSync(path, 'utf8')));
  } catch {
    return null; // removed by a later holder, or unreadable: nobody's
  }
}

function generations(directory: string): number[] {
  const numbers = fs.readdirSync(directory).filter((name) => /^\d+$/.test(name));
  return numbers.map(Number).sort((a, b) => a - b);
}

/** Writes the whole file before it gets its name, so that nobody reads half of it. False: the name was taken. */
function createWhole(directory: string, name: string, holder: Holder): boolean {
  const draft = join(directory, `draft-${randomUUID()}`);
  fs.writeFileSync(draft, JSON.stringify(holder));
  try {
    fs.linkSync(draft, join(directory, name));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.unlinkSync(draft);
  }
}

/** The process that has data directory `path` open now; null: none. Reads only. */
export function lockHolder(path: string): number | null {
  const directory = join(path, 'lock');
  if (!fs.existsSync(directory)) return null;
  const newest = generations(directory).at(-1);
  const holder = newest === undefined ? null : readHolder(join(directory, String(newest)));
  return holder !== null && isAlive(holder) ? holder.pid : null;
}

function locked(path: string, holder: Holder): PsmrError {
  const who = holder.pid === process.pid ? 'another engine of this process' : `process ${holder.pid}`;
  return new PsmrError(
    'DATA_DIR_LOCKED',
    `${path} is in use by ${who}. Stop that engine first, or choose another data directory.`,
    { details: { path, pid: holder.pid } },
  );
}

/** Takes the lock of data directory `path`. Throws DATA_DIR_LOCKED, with the holder's pid, while another one has it. */
export function acquireDataLock(path: string): DataLock {
  const directory = join(path, 'lock');
  fs.mkdirSync(directory, { recursive: true });
  const self: Holder = { pid: process.pid, startTime: startTimeOf(process.pid), released: false };
  for (;;) {
    const newest = generations(directory).at(-1) ?? 0;
    const holder = newest === 0 ? null : readHolder(join(directory, String(newest)));
    if (holder !== null && isAlive(holder)) throw locked(path, holder);
    const own = newest + 1;
    if (!createWhole(directory, String(own), self)) continue; // someone was faster: look again
    if (generations(directory).at(-1) !== own) {
      fs.unlinkSync(join(directory, String(own))); // others went on while this one looked: theirs counts
      continue;
    }
    for (const older of generations(directory))
      if (older < own) fs.rmSync(join(directory, String(older)), { force: true });
    return { release: () => releaseLock(directory, own, self) };
  }
}

function releaseLock(directory: string, generation: number, self: Holder): void {
  const draft = join(directory, `draft-${randomUUID()}`);
  fs.writeFileSync(draft, JSON.stringify({ ...self, released: true } satisfies Holder));
  fs.renameSync(draft, join(directory, String(generation)));
}
