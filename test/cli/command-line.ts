/** The built `psmr` command, in a process of its own. */
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { onTestFinished } from 'vitest';

export const ROOT = join(import.meta.dirname, '../..');
const MAIN = join(ROOT, 'dist/src/cli/main.cjs');
export const BANK = join(ROOT, 'dist/examples/bank.js');
export const STOCK = join(ROOT, 'dist/examples/stock.js');
const RUN_MS_MAX = 50_000;

type Process = ChildProcessByStdio<null, Readable, Readable>;

export interface Surroundings {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
}

export interface Ended {
  /** Of a process that a signal ended what shells make of it: 128 and the number of the signal. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export function temporaryDirectory(): string {
  const path = mkdtempSync(join(tmpdir(), 'psmr-cli-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

function start(file: string, args: readonly string[], { cwd = tmpdir(), env = {} }: Surroundings): Process {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...process.env, NODE_OPTIONS: '', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: RUN_MS_MAX,
    killSignal: 'SIGKILL',
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function exitCode(child: Process): Promise<number | null> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return child.signalCode === null ? child.exitCode : 128 + constants.signals[child.signalCode];
}

/** Runs a program to its end. */
export async function runFile(file: string, args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  const child = start(file, args, surroundings);
  const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), exitCode(child)]);
  return { code, stdout, stderr };
}

/** Runs psmr until it says something on stderr, then sends a signal and waits for the end. */
export async function interrupted(args: readonly string[], says: RegExp, signal: 'SIGINT' | 'SIGTERM'): Promise<Ended> {
  const child = start(MAIN, args, {});
  const stdout = text(child.stdout);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (piece: string) => {
    const before = says.test(stderr);
    stderr += piece;
    if (!before && says.test(stderr)) child.kill(signal);
  });
  const code = await exitCode(child);
  return { code, stdout: await stdout, stderr };
}

/** Runs psmr for somebody who reads nothing of what it prints. */
export async function unread(args: readonly string[]): Promise<Omit<Ended, 'stdout'>> {
  const child = start(MAIN, args, {});
  child.stdout.destroy();
  const [stderr, code] = await Promise.all([text(child.stderr), exitCode(child)]);
  return { code, stderr };
}

export function psmr(args: readonly string[], surroundings: Surroundings = {}): Promise<Ended> {
  return runFile(MAIN, args, surroundings);
}

/** A server that serves, at ports of the system's choice. */
export interface Server {
  readonly url: string;
  readonly http: string | null;
  readonly ready: string;
  /** Sends a signal and waits for the end. */
  stop(signal: 'SIGINT' | 'SIGTERM' | 'SIGKILL'): Promise<Ended>;
  /** Waits for the end. */
  readonly ended: Promise<Ended>;
  readonly reader: Readable;
}

export async function serve(args: readonly string[], surroundings: Surroundings = {}): Promise<Server> {
  const child = start(MAIN, ['serve', '--port', '0', '--http-port', '0', ...args], surroundings);
  const stderr = text(child.stderr);
  const lines: string[] = [];
  const reading = createInterface({ input: child.stdout });
  reading.on('line', (line) => lines.push(line));
  await Promise.race([once(reading, 'line'), once(reading, 'close')]);
  const [ready] = lines;
  if (ready === undefined) throw new Error(`the server did not start: ${await stderr}`);
  const end = async (): Promise<Ended> => ({
    code: await exitCode(child),
    stdout: `${lines.join('\n')}\n`,
    stderr: await stderr,
  });
  const ended = end();
  return {
    url: /wss?:\/\/[^,"\s]+/.exec(ready)?.[0] ?? '',
    http: /http:\/\/[^,"\s]+/.exec(ready)?.[0] ?? null,
    ready,
    ended,
    reader: child.stdout,
    stop: (signal) => {
      child.kill(signal);
      return ended;
    },
  };
}
